package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** No way back and no fork, with real processes: attestation.md, Freshness. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RollbackTest {
  private static final int USAGE = 64;
  private static final int BAD_INPUT = 65;
  private static final int STALE = 71;
  private static final int STOPPED = 75;

  private World world;
  private Path kept; // two iterations of the job of that name, in the mode that is the default

  @BeforeAll
  void train_a_little() {
    world = World.make();
    kept = world.newPm();
    world.train(kept, "--job", "kept", "--iterations", 2).expect(0);
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void a_pool_put_back_to_an_earlier_mirror_is_refused() {
    Path pm = world.newPm();
    Map<Integer, Path> earlier = new TreeMap<>();
    for (int mirror : new int[] {1, 4}) {
      world.train(pm, "--iterations", mirror, "--freshness", "strict").expect(0);
      earlier.put(mirror, world.copyOf(pm));
    }
    world.train(pm, "--iterations", 5).expect(0);

    earlier.forEach((mirror, pool) -> refused(pool, "holds mirror " + mirror, "knows of 5"));
    assertThat(resumedAt(world.train(pm, "--iterations", 6).expect(0))).isEqualTo(5);
    Plinius.Run tested = world.test(earlier.get(4));
    assertThat(tested.exitCode()).as(tested.err()).isEqualTo(STALE);
  }

  @Test
  void in_window_mode_a_killed_run_goes_on_and_what_was_told_of_is_never_lost() {
    Path pm = world.newPm();
    Path first = world.newPm();
    world.train(pm, "--freshness", "window:8", "--kill-at", "iteration:6").expect(STOPPED);
    copy(pm, first);
    int killedAt = resumedAt(world.train(pm, "--kill-at", "iteration:17").expect(STOPPED));
    assertThat(killedAt).isGreaterThanOrEqualTo(6);

    // The broker was told of mirror 4 times n at least, so of one beyond the first copy.
    refused(first, "holds mirror " + killedAt, "knows of");
    assertThat(resumedAt(world.train(pm, "--iterations", 20).expect(0))).isGreaterThan(16);
  }

  @Test
  @Tag("long")
  void in_window_mode_each_earlier_pool_is_refused_or_at_most_the_window_behind() {
    int window = 4;
    Path pm = world.newPm();
    Plinius.Running run = world.startTraining(pm, "--freshness", "window:" + window);
    List<Path> earlier = new ArrayList<>();
    for (int iteration = 2; iteration <= 10; iteration++) {
      run.awaitOutput("\"iteration\":" + iteration + ",");
      run.signalHost("STOP");
      earlier.add(world.copyOf(pm));
      run.signalHost("CONT");
    }
    run.below("plinius.enclave").orElseThrow().destroyForcibly();
    int newest = run.end().events("iteration").size();

    int refused = 0;
    for (Path pool : earlier) {
      Plinius.Run put = world.train(pool, "--iterations", 1);
      if (put.exitCode() == 0) {
        assertThat(newest - resumedAt(put)).isBetween(0, window);
        break; // The broker knows of this one now.
      }
      put.expect(STALE);
      assertThat(put.reason()).contains("holds mirror", "knows of");
      refused++;
    }
    assertThat(refused).isGreaterThanOrEqualTo(earlier.size() - window - 2);
  }

  @Test
  void of_two_instances_of_one_job_the_second_fences_the_first() {
    Path pm = world.newPm();
    world.train(pm, "--freshness", "strict", "--iterations", 2).expect(0);
    Path fork = world.copyOf(pm);
    Plinius.Running first = world.startTraining(pm);
    first.awaitOutput("\"iteration\":3,");
    first.signalHost("STOP");

    world.train(fork, "--iterations", 2);
    first.signalHost("CONT");
    Plinius.Run fenced = first.end().expect(STALE);

    assertThat(fenced.reason()).contains("run 2", "run 3", "one at a time");
    assertThat(fenced.events("done")).isEmpty();
  }

  @Test
  void a_named_job_whose_pool_is_gone_does_not_begin_anew() throws IOException {
    Path pm = world.copyOf(kept);
    Files.delete(pm.resolve("model.pm"));

    Plinius.Run run = world.train(pm, "--job", "kept", "--iterations", 3).expect(STALE);

    assertThat(run.reason()).contains("no mirror here", "knows of mirror 2");
    assertThat(run.events("iteration")).isEmpty();
    assertThat(pm.resolve("model.pm")).doesNotExist();
  }

  @Test
  void the_owner_may_rewind_to_a_copy() {
    try (World other = world.copy()) { // the record of the job is changed
      Path pm = other.file(kept.getFileName().toString());
      Path copy = other.copyOf(pm);
      other.train(pm, "--iterations", 4).expect(0);

      assertThat(rewind(other, 3).expect(BAD_INPUT).err()).contains("the last before it 2");
      rewind(other, 2).expect(0);

      assertThat(resumedAt(other.train(copy, "--iterations", 3).expect(0))).isEqualTo(2);
      refused(other, pm, "did not come from mirror 3");
    }
  }

  @Test
  void the_operator_cannot_choose_the_mode() {
    Path pm = world.copyOf(kept);

    assertThat(world.train(pm, "--freshness", "offline").expect(BAD_INPUT).reason())
        .contains("window:32", "stays");
    assertThat(world.train(world.newPm(), "--freshness", "window:99").expect(USAGE).err())
        .contains("window:2 to window:64");
    Plinius.Run elsewhere = world.trainElsewhere(pm, "--freshness", "offline").expect(USAGE);
    assertThat(elsewhere.reason()).contains("owner's choice");
  }

  private Plinius.Run refused(Path pm, String... said) {
    return refused(world, pm, said);
  }

  private static Plinius.Run refused(World world, Path pm, String... said) {
    String before = Bits.sha256(pm.resolve("model.pm"));
    Plinius.Run run = world.train(pm).expect(STALE);
    assertThat(run.reason()).contains("model.pm").contains(said);
    assertThat(run.events("iteration")).isEmpty();
    assertThat(Bits.sha256(pm.resolve("model.pm"))).isEqualTo(before);
    return run;
  }

  private static Plinius.Run rewind(World world, int mirror) {
    return world
        .plinius()
        .run("broker", "--key", world.key(), "rewind", "--job", "kept", "--mirror", mirror);
  }

  private void copy(Path from, Path to) {
    try {
      Files.move(world.copyOf(from), to);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static int resumedAt(Plinius.Run run) {
    return run.event("resume").path("iteration").asInt();
  }
}
