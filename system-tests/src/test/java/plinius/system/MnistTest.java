package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The paper's network on MNIST, with real processes: its accuracy, and its state after kills. */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MnistTest {
  private static final int STOPPED = 75;

  private World world;
  private Path train;
  private Path test;

  @BeforeAll
  void seal_mnist() {
    Path mnist = Path.of(System.getProperty("plinius.data", "../../shared/data"), "mnist");
    assumeTrue(
        Files.isDirectory(mnist), () -> "no MNIST at " + mnist + "; -Dplinius.data names it");
    world = World.make();
    train = seal(mnist, "train", "train.mnist");
    test = seal(mnist, "t10k", "test.mnist");
  }

  private Path seal(Path mnist, String part, String name) {
    Path out = world.file(name);
    world
        .plinius()
        .run(
            "data",
            "seal",
            "--key",
            world.key(),
            "--images",
            mnist.resolve(part + "-images-idx3-ubyte.gz"),
            "--labels",
            mnist.resolve(part + "-labels-idx1-ubyte.gz"),
            "--out",
            out)
        .expect(0);
    return out;
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void five_hundred_iterations_reach_the_accuracy_of_the_paper(long seed) {
    Path pm = world.newPm();
    run("train", train, pm, "--seed", seed).expect(0);

    Plinius.Run tested = run("test", test, pm).expect(0);

    assertThat(tested.event("tested").path("images").asInt()).isEqualTo(10_000);
    assertThat(tested.event("tested").path("accuracy").asDouble()).isGreaterThanOrEqualTo(0.985);
  }

  @Test
  void killed_again_and_again_its_state_after_sixty_iterations_is_the_same() {
    Random random = World.random("kills of mnist-12");
    String undisturbed = sixty(world.newPm(), "--threads", 2);
    assertThat(sixty(world.newPm(), "--threads", 1)).isEqualTo(undisturbed);

    Path pm = world.newPm();
    for (int at = 1 + random.nextInt(4); at < 55; at += 2 + random.nextInt(6)) {
      String where = random.nextBoolean() ? "mirror-out:" : "iteration:";
      run("train", train, pm, "--iterations", 60, "--kill-at", where + at).expect(STOPPED);
    }
    run("train", train, pm, "--iterations", 60, "--kill-at", "mirror-in").expect(STOPPED);

    assertThat(sixty(pm, "--mirror-every", 7)).isEqualTo(undisturbed);
  }

  private String sixty(Path pm, Object... more) {
    Object[] all = new Object[more.length + 2];
    all[0] = "--iterations";
    all[1] = 60;
    System.arraycopy(more, 0, all, 2, more.length);
    return run("train", train, pm, all).expect(0).state();
  }

  private Plinius.Run run(String verb, Path data, Path pm, Object... more) {
    Object[] base = {
      verb,
      Plinius.root().resolve("examples/mnist/mnist-12.cfg"),
      "--data",
      data,
      "--key",
      world.key(),
      "--pm",
      pm,
      "--json"
    };
    Object[] all = new Object[base.length + more.length];
    System.arraycopy(base, 0, all, 0, base.length);
    System.arraycopy(more, 0, all, base.length, more.length);
    return world.plinius().run(all);
  }
}
