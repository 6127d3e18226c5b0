package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/** Training that is killed again and again, with the mirror and without. */
final class CrashResilience implements Experiment {
  private static final long SEED = 2021;
  private static final int PAPERS_ITERATIONS = 500;
  static final String UNDISTURBED = "undisturbed";
  static final String MIRRORED = "killed, mirrored";
  static final String BARE = "killed, not mirrored";
  private static final int NEVER = 1_000_000_000;

  @Override
  public String name() {
    return "crash";
  }

  @Override
  public String title() {
    return "Crash resilience";
  }

  @Override
  public String paper() {
    return "5 convolutions, 500 iterations, killed at random 9 times: with mirroring the loss"
        + " follows the undisturbed curve; without it over 1,000 iterations are computed in"
        + " total.";
  }

  /** What a training that was killed so and so often came to. */
  record Outcome(int executed, double seconds, String state, double restartSeconds) {}

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 60 : 190);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    int iterations = laboratory.choose(120, 500);
    List<Integer> kills = kills(laboratory.choose(3, 9), iterations, new Random(SEED));
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(), laboratory.newFolder("crash"), laboratory.inputs().mnist());
    Path cfg = trainings.cfg("five.cfg", Networks.five(128, iterations, laboratory.choose(8, 32)));
    Table.Rows curves = Table.of("curves", "training", "executed", "iteration", "loss");
    laboratory.progress("crash: undisturbed");
    Outcome undisturbed = train(laboratory, trainings, cfg, List.of(), 1, UNDISTURBED, curves);
    laboratory.progress("crash: killed " + kills.size() + " times, mirrored");
    Outcome mirrored = train(laboratory, trainings, cfg, kills, 1, MIRRORED, curves);
    laboratory.progress("crash: killed " + kills.size() + " times, not mirrored");
    Outcome bare = train(laboratory, trainings, cfg, kills, NEVER, BARE, curves);
    Findings.Builder findings = new Findings.Builder().table(curves.done());
    judge(
        iterations,
        kills.size(),
        Map.of(UNDISTURBED, undisturbed, MIRRORED, mirrored, BARE, bare),
        findings);
    return findings
        .note(
            "Killed with SIGKILL (owner's, host's and enclave's process at once) when iteration "
                + String.join(", ", kills.stream().map(String::valueOf).toList())
                + " of those computed was told; seed "
                + SEED
                + ". An iteration whose mirror became durable but was not told yet is not computed"
                + " again. Data: "
                + trainings.data()
                + ".")
        .build();
  }

  /** Claims and figures of the three trainings; the table of curves is there already. */
  static void judge(
      int iterations, int kills, Map<String, Outcome> outcomes, Findings.Builder findings) {
    Table.Rows rows =
        Table.of("outcomes", "training", "executed", "seconds", "restartSeconds", "state");
    for (String training : List.of(UNDISTURBED, MIRRORED, BARE)) {
      Outcome outcome = outcomes.get(training);
      rows.add(
          training,
          outcome.executed(),
          outcome.seconds(),
          outcome.restartSeconds(),
          outcome.state());
    }
    Outcome undisturbed = outcomes.get(UNDISTURBED);
    Outcome mirrored = outcomes.get(MIRRORED);
    Outcome bare = outcomes.get(BARE);
    findings
        .table(rows.done())
        .figure(
            Figure.of(
                    "Loss by iterations computed",
                    "curves",
                    Figure.Kind.LINE,
                    "executed",
                    Figure.Axis.linear("iterations computed, again or not"),
                    "loss",
                    Figure.Axis.linear("loss of the batch"))
                .by("training"))
        .figure(
            Figure.of(
                "Iterations computed in all",
                "outcomes",
                Figure.Kind.BARS,
                "training",
                Figure.Axis.linear("training"),
                "executed",
                Figure.Axis.linear("iterations")))
        .claim(
            Claim.holds(
                "The final state after " + kills + " kills is the undisturbed one, bit for bit",
                mirrored.state().equals(undisturbed.state()),
                "not claimed: momentum and random numbers are not mirrored"))
        .claim(
            Claim.atMost(
                kills,
                "Iterations computed more than needed, with mirroring",
                mirrored.executed() - iterations,
                "iterations",
                "the loss follows the undisturbed curve"))
        .claim(
            Claim.of(
                "Iterations computed in all, without mirroring",
                bare.executed(),
                "iterations",
                iterations == PAPERS_ITERATIONS
                    ? "over 1,000 for 500"
                    : "over twice as many as needed"))
        .claim(
            Claim.of(
                "Time with " + kills + " kills and mirroring against undisturbed",
                mirrored.seconds() / undisturbed.seconds(),
                "x",
                ""))
        .claim(
            Claim.of(
                "Time with " + kills + " kills without mirroring against undisturbed",
                bare.seconds() / undisturbed.seconds(),
                "x",
                ""))
        .claim(
            Claim.of(
                "Restart from the command to the resumed state, attestation in it",
                mirrored.restartSeconds(),
                "s",
                ""));
  }

  /** After how many computed iterations to kill: different, in order, all before the last. */
  static List<Integer> kills(int count, int iterations, Random random) {
    return random.ints(1, iterations).distinct().limit(count).sorted().boxed().toList();
  }

  private static Outcome train(
      Laboratory laboratory,
      Trainings trainings,
      Path cfg,
      List<Integer> kills,
      int mirrorEvery,
      String name,
      Table.Rows curves) {
    Path pm = laboratory.newPm();
    long began = System.nanoTime();
    List<Double> restarts = new ArrayList<>();
    int executed = 0;
    for (int start = 0; ; start++) {
      int killAfter = start < kills.size() ? kills.get(start) - executed : NEVER;
      AtomicReference<Product.Running> running = new AtomicReference<>();
      int[] told = {0};
      running.set(
          trainings.startTraining(
              cfg,
              pm,
              event -> {
                if (event.kind().equals("iteration") && ++told[0] == killAfter) {
                  awaitSet(running).kill();
                }
              },
              "--mirror-every",
              mirrorEvery));
      Product.Ended ended = running.get().end();
      for (Event event : ended.iterations()) {
        executed++;
        curves.add(name, executed, event.iteration(), event.number("loss"));
      }
      ended.find("resume").ifPresent(event -> restarts.add(event.seconds()));
      if (ended.find("done").isPresent()) {
        return new Outcome(
            executed,
            (System.nanoTime() - began) / 1e9,
            ended.state(),
            restarts.isEmpty()
                ? 0
                : Statistics.mean(restarts.stream().mapToDouble(x -> x).toArray()));
      }
      if (!ended.killed()) {
        ended.expectDone();
      }
    }
  }

  /** The first event may come before the caller knows the process. */
  private static Product.Running awaitSet(AtomicReference<Product.Running> running) {
    while (running.get() == null) {
      Thread.onSpinWait();
    }
    return running.get();
  }
}
