package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A training killed with SIGKILL at random instants until enough blows have landed, each where it
 * hurts: while data is loaded, inside mirrorOut, inside mirrorIn, inside recovery, and anywhere.
 * Whatever happened, it has to end in the state of the undisturbed run.
 */
final class KillTrial {
  private static final int STOPPED = 75;

  /**
   * How often which blow has to land.
   *
   * @param loads while data is loaded
   * @param mirrorsOut inside mirrorOut
   * @param mirrorsIn inside mirrorIn
   * @param all of all kinds; one more is inside recovery, the others hit anyone at any instant
   */
  record Blows(int loads, int mirrorsOut, int mirrorsIn, int all) {
    /** Each kind, and each of the processes once. */
    static final Blows FEW = new Blows(1, 2, 1, 8);

    static final Blows TWENTY = new Blows(2, 5, 2, 20);
  }

  /** How a training is started, with its output as JSON lines. */
  @FunctionalInterface
  interface Training {
    Plinius.Running start(Path pm, Object... more);
  }

  private final World world;
  private final Training training;
  private final Plinius.Run undisturbed;
  private final int wholeMillis;
  private final Random random = World.random("kills");
  private final List<String> landed = new ArrayList<>();
  private int next = random.nextInt(3);

  /**
   * @param undisturbed the same training, run to its end
   * @param wholeMillis how long that took
   */
  KillTrial(World world, Training training, Plinius.Run undisturbed, int wholeMillis) {
    this.world = world;
    this.training = training;
    this.undisturbed = undisturbed;
    this.wholeMillis = wholeMillis;
  }

  /** Kills until every kind of blow has landed often enough, and compares the state at the end. */
  void run(Blows blows) throws Exception {
    Path pm = world.newPm();
    for (int i = 0; i < blows.loads; i++) {
      killWhileLoading(pm, "load:0." + (1 + 4 * i + random.nextInt(4)));
    }
    int done = killAt(pm, "mirror-out:" + (2 + random.nextInt(2)));
    strike(pm, "mirror-in", 1);
    strike(pm, "recovery", 1);
    for (int i = 0; i < 40 && count("mirror-out") < blows.mirrorsOut; i++) {
      done = Math.max(done, killAt(pm, "mirror-out:" + (done + 1 + random.nextInt(3))));
    }
    strike(pm, "mirror-in", blows.mirrorsIn);
    for (int i = 0; i < 60 && landed.size() < blows.all; i++) {
      if (killAnyone(pm)) {
        // It was faster than the kill: its state has been compared, and another pool follows.
        pm = world.newPm();
      }
    }

    System.out.println("kills that landed: " + landed);
    assertThat(count("mirror-out"))
        .as("inside mirrorOut: %s", landed)
        .isGreaterThanOrEqualTo(blows.mirrorsOut);
    assertThat(count("mirror-in"))
        .as("inside mirrorIn: %s", landed)
        .isGreaterThanOrEqualTo(blows.mirrorsIn);
    assertThat(count("recovery")).as("inside recovery: %s", landed).isPositive();
    assertThat(count("load")).as("while loading: %s", landed).isEqualTo(blows.loads);
    assertThat(landed).hasSizeGreaterThanOrEqualTo(blows.all);
    Plinius.Run last = training.start(pm).end().expect(0);
    assertThat(last.state()).isEqualTo(undisturbed.state());
  }

  private void killWhileLoading(Path pm, String at) {
    Plinius.Run run = training.start(pm, "--kill-at", at).end();
    assertThat(run.exitCode()).as(run.err()).isNotZero();
    assertThat(run.events("iteration")).isEmpty();
    assertThat(Files.exists(pm.resolve("model.pm"))).isFalse();
    landed.add(at);
  }

  /**
   * Kills at the same instant of several runs until the blow has landed often enough: the phase may
   * be over before the signal arrives.
   */
  private void strike(Path pm, String at, int times) {
    for (int i = 0; i < 20 && count(at) < times; i++) {
      killAt(pm, at);
    }
  }

  /** Kills the enclave by the host's own hook; counts only a blow that landed inside. */
  private int killAt(Path pm, String at) {
    Plinius.Run run = training.start(pm, "--kill-at", at).end().expect(STOPPED);
    if (run.event("killed").path("inside").asBoolean()) {
      landed.add(at);
    }
    return run.events("iteration").stream()
        .mapToInt(event -> event.path("iteration").asInt())
        .max()
        .orElse(0);
  }

  /**
   * Kills the next of the three processes at any instant; the other two have to go at once. Whether
   * the run was complete before.
   */
  private boolean killAnyone(Path pm) throws Exception {
    Plinius.Running running = training.start(pm);
    running.awaitOutput("\"processes\"");
    Thread.sleep(random.nextInt(wholeMillis / 2));
    List<ProcessHandle> family = World.family(running.process()).stream().sorted().toList();
    ProcessHandle victim = family.get(next++ % family.size());
    victim.destroyForcibly();
    assertAllEnd(Set.copyOf(family));
    Plinius.Run run = running.end();
    if (!run.events("done").isEmpty()) {
      assertThat(run.state()).isEqualTo(undisturbed.state());
      return true;
    }
    assertThat(run.exitCode()).isNotZero();
    landed.add("one of " + family.size() + " processes");
    return false;
  }

  private long count(String point) {
    return landed.stream().filter(at -> at.startsWith(point)).count();
  }

  /** Generous: two cores serve other tests too. */
  static void assertAllEnd(Set<ProcessHandle> family) {
    for (ProcessHandle process : family) {
      try {
        process.onExit().get(20, TimeUnit.SECONDS);
      } catch (Exception e) {
        throw new AssertionError("still alive: " + process.info(), e);
      }
    }
  }
}
