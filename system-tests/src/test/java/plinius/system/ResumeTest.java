package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promise of the whole: the state after the last iteration is the same bits whatever happened
 * in between.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResumeTest {
  private static final int STOPPED = 75;

  private World world;
  private String undisturbed;
  private int wholeMillis;

  @BeforeAll
  void train_undisturbed() {
    world = World.make();
    long start = System.nanoTime();
    Plinius.Run run = world.train(world.newPm()).expect(0);
    wholeMillis = (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    undisturbed = run.state();
    assertThat(run.event("start").path("iteration").asInt()).isZero();
    assertThat(run.events("iteration")).hasSize(World.ITERATIONS);
    assertThat(run.event("done").path("iteration").asInt()).isEqualTo(World.ITERATIONS);
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void one_thread_gives_the_same_state_as_two() {
    assertThat(world.train(world.newPm(), "--threads", "1").expect(0).state())
        .isEqualTo(undisturbed);
  }

  @Test
  void mirroring_every_seventh_iteration_gives_the_same_state() {
    Path pm = world.newPm();
    world.train(pm, "--mirror-every", "7", "--kill-at", "iteration:33").expect(STOPPED);

    Plinius.Run run = world.train(pm, "--mirror-every", "7").expect(0);

    assertThat(run.event("resume").path("iteration").asInt()).isBetween(1, 33);
    assertThat(run.event("resume").path("iteration").asInt() % 7).isZero();
    assertThat(run.state()).isEqualTo(undisturbed);
  }

  @Test
  void another_medium_gives_the_same_state(@TempDir Path disk) {
    assertThat(world.train(disk.resolve("pm")).expect(0).state()).isEqualTo(undisturbed);
  }

  @Test
  void a_fresh_process_after_thirty_iterations_gives_the_same_state() {
    Path pm = world.newPm();
    Plinius.Run half = world.train(pm, "--iterations", "30").expect(0);
    assertThat(half.event("done").path("iteration").asInt()).isEqualTo(30);
    assertThat(half.state()).isNotEqualTo(undisturbed);

    Plinius.Run rest = world.train(pm).expect(0);

    assertThat(rest.event("resume").path("iteration").asInt()).isEqualTo(30);
    assertThat(rest.state()).isEqualTo(undisturbed);
  }

  @Test
  void another_seed_gives_another_state() {
    assertThat(world.train(world.newPm(), "--seed", "2").expect(0).state())
        .isNotEqualTo(undisturbed);
  }

  @Test
  void sigterm_finishes_the_iteration_mirrors_it_and_exits_75() {
    Path pm = world.newPm();
    Plinius.Running running = world.startTraining(pm);
    running.awaitOutput("\"iteration\":5,");
    Set<ProcessHandle> family = World.family(running.process());
    running.process().toHandle().destroy();
    Plinius.Run stopped = running.end().expect(STOPPED);
    assertAllEnd(family);

    int at = stopped.event("stopped").path("iteration").asInt();
    assertThat(at).isBetween(5, World.ITERATIONS - 1);
    Plinius.Run rest = world.train(pm).expect(0);
    assertThat(rest.event("resume").path("iteration").asInt()).isEqualTo(at);
    assertThat(rest.state()).isEqualTo(undisturbed);
  }

  @Test
  void killed_at_twenty_instants_it_goes_on_and_ends_in_the_same_state() throws Exception {
    Random random = World.random("kills");
    Path pm = world.newPm();
    List<String> landed = new ArrayList<>();

    killWhileLoading(pm, "load:0." + (1 + random.nextInt(4)), landed);
    killWhileLoading(pm, "load:0." + (5 + random.nextInt(4)), landed);
    int done = killAt(pm, "mirror-out:" + (2 + random.nextInt(2)), landed);
    killAt(pm, "mirror-in", landed);
    killAt(pm, "recovery", landed);
    for (int i = 0; i < 40 && count(landed, "mirror-out") < 5; i++) {
      done = Math.max(done, killAt(pm, "mirror-out:" + (done + 1 + random.nextInt(3)), landed));
    }
    killAt(pm, "mirror-in", landed);
    for (int i = 0; i < 60 && landed.size() < 20; i++) {
      if (killAnyone(pm, random, landed)) {
        // It was faster than the kill: its state has been compared, and another pool follows.
        pm = world.newPm();
      }
    }

    System.out.println("kills that landed: " + landed);
    assertThat(count(landed, "mirror-out")).as("inside mirrorOut: %s", landed).isGreaterThan(4);
    assertThat(count(landed, "mirror-in") + count(landed, "recovery"))
        .as("inside mirrorIn or the first update's copying: %s", landed)
        .isGreaterThan(1);
    assertThat(count(landed, "load")).as("while loading: %s", landed).isGreaterThan(1);
    assertThat(landed).hasSizeGreaterThanOrEqualTo(20);
    Plinius.Run last = world.train(pm).expect(0);
    assertThat(last.state()).isEqualTo(undisturbed);
  }

  private void killWhileLoading(Path pm, String at, List<String> landed) {
    Plinius.Run run = world.train(pm, "--kill-at", at);
    assertThat(run.exitCode()).as(run.err()).isNotZero();
    assertThat(run.events("iteration")).isEmpty();
    assertThat(Files.exists(pm.resolve("model.pm"))).isFalse();
    landed.add(at);
  }

  /** Kills the enclave by the host's own hook; counts only a blow that landed inside. */
  private int killAt(Path pm, String at, List<String> landed) {
    Plinius.Run run = world.train(pm, "--kill-at", at).expect(STOPPED);
    if (run.event("killed").path("inside").asBoolean()) {
      landed.add(at);
    }
    return run.events("iteration").stream()
        .mapToInt(event -> event.path("iteration").asInt())
        .max()
        .orElse(0);
  }

  /**
   * Kills one of the three processes at any instant; the other two have to go at once. Whether the
   * run was complete before.
   */
  private boolean killAnyone(Path pm, Random random, List<String> landed) throws Exception {
    Plinius.Running running = world.startTraining(pm);
    running.awaitOutput("\"processes\"");
    Thread.sleep(random.nextInt(wholeMillis / 2));
    List<ProcessHandle> family = new ArrayList<>(World.family(running.process()));
    ProcessHandle victim = family.get(random.nextInt(family.size()));
    victim.destroyForcibly();
    assertAllEnd(family);
    Plinius.Run run = running.end();
    if (!run.events("done").isEmpty()) {
      assertThat(run.state()).isEqualTo(undisturbed);
      return true;
    }
    assertThat(run.exitCode()).isNotZero();
    landed.add("one of " + family.size() + " processes");
    return false;
  }

  private static long count(List<String> landed, String point) {
    return landed.stream().filter(at -> at.startsWith(point)).count();
  }

  /** Generous: two cores may have to serve the tests of others, too. */
  private static void assertAllEnd(Iterable<ProcessHandle> family) {
    for (ProcessHandle process : family) {
      try {
        process.onExit().get(5, TimeUnit.SECONDS);
      } catch (Exception e) {
        throw new AssertionError("still alive: " + process.info(), e);
      }
    }
  }
}
