package plinius.evaluation.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;
import plinius.evaluation.spot.Counting;
import plinius.evaluation.spot.Policy;
import plinius.evaluation.spot.Segment;
import plinius.evaluation.spot.SpotResult;
import plinius.evaluation.spot.SpotRun;
import plinius.evaluation.spot.Trace;
import plinius.evaluation.spot.Traces;

/** Training on spot instances: the paper's trace with real processes, long ones counted. */
final class SpotTraining implements Experiment {
  private static final double BID = 0.0955;
  private static final double ON_DEMAND = 0.42;
  private static final double SPOT = 0.126;
  private static final String PAPERS = "c3.2xlarge.csv.gz";

  private static final double PAPERS_SECONDS = 800 * 60;
  private static final double SHORT_UPTIME_SECONDS = 40 * 60;

  /** One and a half times what the paper needed; who is not done by then is stopped. */
  private static final double DEADLINE_SECONDS = 1200 * 60;

  /** Of a row of the paper's trace: as the paper reads it, and as the data are. */
  private static final double PAPERS_STEP_SECONDS = 300;

  private static final double DATA_STEP_SECONDS = 60;

  /** In place of the paper's trace: two losses in its first hours too, then hours without one. */
  static final String SYNTHETIC = "synthetic:26581,up=5400,down=1200,seconds=60000";

  @Override
  public String name() {
    return "spot";
  }

  @Override
  public String title() {
    return "Spot instances";
  }

  @Override
  public String paper() {
    return "AWS trace of c3.2xlarge, price read every 5 minutes, bid 0.0955, 12 convolutions, 500"
        + " iterations: 2 interruptions, resumes where it stopped, about 800 minutes.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 150 : 580);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Optional<Path> papers =
        laboratory.inputs().traces().map(folder -> folder.resolve(PAPERS)).filter(Files::exists);
    Trace trace =
        papers
            .map(file -> papers(file, PAPERS_STEP_SECONDS))
            .orElseGet(
                () ->
                    Traces.read(SYNTHETIC, Traces.Reading.DEFAULT)
                        .under(OptionalDouble.empty(), 1));
    Findings.Builder findings = new Findings.Builder();
    Table.Rows results = SpotResult.table("runs");
    realRuns(laboratory, trace, papers.isPresent(), results, findings);
    List<Trace> single = new ArrayList<>(List.of(trace));
    papers.ifPresent(file -> single.add(papers(file, DATA_STEP_SECONDS)));
    counted(laboratory, single, results, findings);
    findings.table(results.done());
    return findings.build();
  }

  private static Trace papers(Path file, double step) {
    Trace read =
        Traces.read(file.toString(), new Traces.Reading(step, Optional.empty(), Optional.empty()))
            .under(OptionalDouble.of(BID), 1);
    return new Trace(
        "c3.2xlarge, a row each %d min".formatted((int) step / 60),
        read.segments(),
        read.remarks());
  }

  // ---------------------------------------------------------------- with real processes

  private static void realRuns(
      Laboratory laboratory,
      Trace trace,
      boolean papers,
      Table.Rows results,
      Findings.Builder findings) {
    // Long enough to outlast the first two uptimes, compressed as they are.
    int iterations = laboratory.choose(400, 500);
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(), laboratory.newFolder("spot"), laboratory.inputs().mnist());
    Path cfg =
        trainings.cfg(
            "twelve.cfg",
            Networks.twelve(laboratory.choose(64, 128), iterations, laboratory.choose(8, 32)));
    laboratory.progress("spot: undisturbed, for its speed and its state");
    Product.Ended undisturbed = trainings.train(cfg, laboratory.newPm());
    double iterationSeconds =
        (undisturbed.iterations().getLast().seconds()
                - undisturbed.iterations().getFirst().seconds())
            / (iterations - 1);
    double startSeconds = undisturbed.iterations().getFirst().seconds();
    double compression = compression(iterations * iterationSeconds, startSeconds);
    Trace within = trace.first(DEADLINE_SECONDS);
    Table.Rows curves = SpotRun.curveTable("curves");
    SpotRun.Prices prices = new SpotRun.Prices(ON_DEMAND, SPOT);
    SpotResult mirror = null;
    String state = "";
    double until = 0;
    for (Policy policy : List.of(Policy.MIRROR, new Policy(50), Policy.NONE)) {
      laboratory.progress("spot: real processes, " + policy);
      SpotRun.Seen seen =
          new SpotRun(trainings, cfg, iterations, compression, laboratory.newPm(), prices)
              .run(within, 0, policy);
      seen.result().addTo(results, trace.name(), "run", OptionalDouble.of(DEADLINE_SECONDS));
      seen.curve().forEach(curves::add);
      until = Math.max(until, seen.result().seconds());
      if (policy.equals(Policy.MIRROR)) {
        mirror = seen.result();
        state = seen.state().orElse("");
      }
    }
    findings
        .table(SpotRun.stateTable("state", trace.first(Math.ceil(until / 3600) * 3600), 1))
        .table(curves.done())
        .figure(
            Figure.of(
                "The instance: there or not",
                "state",
                Figure.Kind.STEP,
                "hours",
                Figure.Axis.linear("hours of the trace"),
                "instances",
                Figure.Axis.linear("instances")))
        .figure(
            Figure.of(
                    "Loss over the trace's time",
                    "curves",
                    Figure.Kind.LINE,
                    "hours",
                    Figure.Axis.linear("hours of the trace"),
                    "loss",
                    Figure.Axis.linear("loss of the batch"))
                .by("policy"))
        .figure(
            Figure.of(
                    "Iterations over the trace's time",
                    "curves",
                    Figure.Kind.LINE,
                    "hours",
                    Figure.Axis.linear("hours of the trace"),
                    "iteration",
                    Figure.Axis.linear("iteration"))
                .by("policy"))
        .claim(
            Claim.holds(
                "With mirroring the final state is the undisturbed one, bit for bit",
                state.equals(undisturbed.state()),
                "resumes where it stopped"))
        .claim(Claim.of("Interruptions", mirror.losses(), "", papers ? "2" : "2, on another trace"))
        .claim(
            Claim.of(
                "Time until it was done",
                mirror.seconds() / 60,
                "minutes of the trace",
                "about 800 minutes"))
        .claim(
            Claim.holds(
                "Deadline met with mirroring: done within 1,200 minutes of the trace",
                mirror.meets(DEADLINE_SECONDS),
                "about 800 minutes"))
        .claim(
            Claim.atMost(
                mirror.losses() + 1,
                "Iterations wasted with mirroring",
                mirror.wasted(),
                "iterations",
                ""))
        .claim(
            Claim.of(
                "Cost on spot, share of the cost on demand",
                100 * mirror.cost() / mirror.onDemandCost(),
                "%",
                ""))
        .claim(
            Claim.of(
                "From a restart to the resumed state, attestation in it, real time",
                mirror.restoreSeconds(),
                "s",
                ""))
        .note(
            "Owner, host and enclave are real processes, killed with SIGKILL without notice. The"
                + " trace's time is compressed "
                + Math.round(compression)
                + " times, chosen so that the undisturbed training takes at most the paper's 800"
                + " minutes of the trace and a start a part of its shortest uptimes; the processes'"
                + " start is not compressed and weighs more than it would. Who is not done after"
                + " 1,200 minutes has missed the deadline and is stopped. Data: "
                + trainings.data()
                + ".")
        .note(
            "checkpoint:50 is no other way to save but the same sealed mirror in the same medium,"
                + " made every 50 iterations only: the policies differ in how much work a loss"
                + " costs. How fast a mirror is beside a checkpoint in a file is the experiment"
                + " mirror's question.");
    trace.remarks().forEach(remark -> findings.note(trace.name() + ": " + remark));
    if (!papers) {
      findings.note(
          "The paper's trace is not here (--traces names its folder): a synthetic one stands in.");
    }
  }

  /**
   * Seconds of the trace in a second here: the paper's 500 iterations take about 800 minutes, and
   * so many shall ours take of the trace; but its short uptimes of 40 minutes must leave room to
   * start and to train.
   */
  static double compression(double trainingSeconds, double startSeconds) {
    return Math.min(
        PAPERS_SECONDS / (trainingSeconds + 3 * startSeconds),
        SHORT_UPTIME_SECONDS / (2.5 * startSeconds));
  }

  // ---------------------------------------------------------------- counted

  /** The paper's pace: 500 iterations in about 800 minutes, some of them lost. */
  private static final Counting COUNTING =
      new Counting(5_000, 90, 0.01, 60, 3_000_000, ON_DEMAND, SPOT);

  private static void counted(
      Laboratory laboratory, List<Trace> single, Table.Rows results, Findings.Builder findings) {
    laboratory.progress("spot: counting long horizons");
    Table.Rows counted = Table.of("counted", "trace", "policy", "executed", "completed", "hours");
    single.forEach(trace -> count(trace, 1, results, counted));
    laboratory
        .inputs()
        .traces()
        .ifPresent(
            folder -> {
              for (Path file : availability(folder)) {
                Trace whole = Traces.read(file.toString(), Traces.Reading.DEFAULT);
                int most = whole.segments().stream().mapToInt(Segment::instances).max().orElse(1);
                count(whole.under(OptionalDouble.empty(), most), most, results, counted);
              }
            });
    findings
        .table(counted.done())
        .figure(
            Figure.of(
                    "Iterations whose work is kept, of 5,000, counted (all instances' mean)",
                    "counted",
                    Figure.Kind.BARS,
                    "policy",
                    Figure.Axis.linear("what is kept"),
                    "completed",
                    Figure.Axis.linear("iterations kept at the end of the trace"))
                .by("trace"))
        .figure(
            Figure.of(
                    "Iterations computed to reach 5,000, counted (all instances' mean)",
                    "counted",
                    Figure.Kind.BARS,
                    "policy",
                    Figure.Axis.linear("what is kept"),
                    "executed",
                    Figure.Axis.log("iterations"))
                .by("trace"))
        .note(
            "Counted, not run: 5,000 iterations of 90 s (the paper's pace), 10 ms to save, 60 s"
                + " from an instance to its first iteration, "
                + ON_DEMAND
                + " USD an hour on demand. The paper's trace is read with its 5 minutes a row, and"
                + " with the one minute that the data say. Each instance trains a job of its own;"
                + " where a trace ends before, completed says how far it came.");
  }

  private static void count(Trace trace, int instances, Table.Rows results, Table.Rows counted) {
    for (Policy policy : List.of(Policy.MIRROR, new Policy(50), Policy.NONE)) {
      double executed = 0;
      double completed = 0;
      double hours = 0;
      for (int instance = 0; instance < instances; instance++) {
        SpotResult result = COUNTING.count(trace, instance, policy);
        result.addTo(results, trace.name(), "counted", OptionalDouble.empty());
        executed += (double) result.executed() / instances;
        completed += (double) result.completed() / instances;
        hours += result.seconds() / 3600 / instances;
      }
      counted.add(
          trace.name().replaceAll("[.](csv|json)([.]gz)?$", ""),
          policy,
          executed,
          completed,
          hours);
    }
  }

  private static List<Path> availability(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
