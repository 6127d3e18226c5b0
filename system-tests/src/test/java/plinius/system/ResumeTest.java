package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
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
  private Plinius.Run undisturbed;
  private int wholeMillis;

  @BeforeAll
  void train_undisturbed() {
    world = World.make();
    long start = System.nanoTime();
    undisturbed = world.train(world.newPm()).expect(0);
    wholeMillis = (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertThat(undisturbed.event("start").path("iteration").asInt()).isZero();
    assertThat(undisturbed.events("iteration")).hasSize(World.ITERATIONS);
    assertThat(undisturbed.event("done").path("iteration").asInt()).isEqualTo(World.ITERATIONS);
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void mirroring_every_seventh_iteration_gives_the_same_state() {
    Path pm = world.newPm();
    world.train(pm, "--mirror-every", "7", "--kill-at", "iteration:33").expect(STOPPED);

    Plinius.Run run = world.train(pm, "--mirror-every", "7").expect(0);

    assertThat(run.event("resume").path("iteration").asInt()).isBetween(1, 33);
    assertThat(run.event("resume").path("iteration").asInt() % 7).isZero();
    assertThat(run.state()).isEqualTo(undisturbed.state());
  }

  @Test
  void one_thread_on_another_medium_gives_the_same_state(@TempDir Path disk) {
    assertThat(world.train(disk.resolve("pm"), "--threads", "1").expect(0).state())
        .isEqualTo(undisturbed.state());
  }

  @Test
  void a_fresh_process_with_another_number_of_threads_gives_the_same_state() {
    Path pm = world.newPm();
    Plinius.Run half = world.train(pm, "--iterations", "30").expect(0);
    assertThat(half.event("done").path("iteration").asInt()).isEqualTo(30);
    assertThat(half.state()).isNotEqualTo(undisturbed.state());

    Plinius.Run rest = world.train(pm, "--threads", "3").expect(0);

    assertThat(rest.event("resume").path("iteration").asInt()).isEqualTo(30);
    assertThat(rest.state()).isEqualTo(undisturbed.state());
    assertThat(world.train(world.newPm(), "--seed", "2", "--iterations", "30").expect(0).state())
        .as("another seed")
        .isNotEqualTo(half.state());
  }

  @Test
  void sigterm_finishes_the_iteration_mirrors_it_and_exits_75() {
    Path pm = world.newPm();
    Plinius.Running running = world.startTraining(pm);
    running.awaitOutput("\"iteration\":5,");
    Set<ProcessHandle> family = World.family(running.process());
    running.process().toHandle().destroy();
    Plinius.Run stopped = running.end().expect(STOPPED);
    KillTrial.assertAllEnd(family);

    int at = stopped.event("stopped").path("iteration").asInt();
    assertThat(at).isBetween(5, World.ITERATIONS - 1);
    Plinius.Run rest = world.train(pm).expect(0);
    assertThat(rest.event("resume").path("iteration").asInt()).isEqualTo(at);
    assertThat(rest.state()).isEqualTo(undisturbed.state());
  }

  @Test
  void killed_at_an_instant_of_each_kind_it_goes_on_and_ends_in_the_same_state() throws Exception {
    kill(KillTrial.Blows.FEW);
  }

  @Test
  @Tag("long")
  void killed_at_twenty_instants_it_goes_on_and_ends_in_the_same_state() throws Exception {
    kill(KillTrial.Blows.TWENTY);
  }

  private void kill(KillTrial.Blows blows) throws Exception {
    new KillTrial(world, world::startTraining, undisturbed, wholeMillis).run(blows);
  }
}
