package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The paper's network on MNIST, with real processes: its accuracy, and its state after kills. */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MnistTest {
  private static final List<Object> SIXTY = List.of("--iterations", 60);

  private World world;
  private Path train;
  private Path test;
  private Plinius.Run undisturbed;
  private int wholeMillis;

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
  void one_thread_and_another_rhythm_of_mirrors_give_the_same_state() {
    Path pm = world.newPm();

    assertThat(sixty(world.newPm(), "--threads", 1).state()).isEqualTo(undisturbed().state());
    assertThat(sixty(pm, "--mirror-every", 7).state()).isEqualTo(undisturbed().state());
  }

  @Test
  void a_fresh_process_after_thirty_iterations_gives_the_same_state(@TempDir Path disk) {
    Path pm = disk.resolve("pm");
    run("train", train, pm, "--iterations", 30).expect(0);

    Plinius.Run rest = sixty(pm);

    assertThat(rest.event("resume").path("iteration").asInt()).isEqualTo(30);
    assertThat(rest.state()).isEqualTo(undisturbed().state());
  }

  @Test
  void killed_at_twenty_instants_it_goes_on_and_ends_in_the_same_state() throws Exception {
    new KillTrial(world, this::startSixty, undisturbed(), wholeMillis).run(KillTrial.Blows.TWENTY);
  }

  /** Sixty iterations on two threads, run when they are first asked for. */
  private Plinius.Run undisturbed() {
    if (undisturbed == null) {
      long start = System.nanoTime();
      undisturbed = sixty(world.newPm(), "--threads", 2);
      wholeMillis = (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }
    return undisturbed;
  }

  private Plinius.Run sixty(Path pm, Object... more) {
    return startSixty(pm, more).end().expect(0);
  }

  private Plinius.Running startSixty(Path pm, Object... more) {
    return start("train", train, pm, Stream.concat(SIXTY.stream(), Stream.of(more)).toArray());
  }

  private Plinius.Run run(String verb, Path data, Path pm, Object... more) {
    return start(verb, data, pm, more).end();
  }

  private Plinius.Running start(String verb, Path data, Path pm, Object... more) {
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
    return world.plinius().start(all);
  }
}
