package plinius.evaluation.spot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.evaluation.Claim;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Machine;
import plinius.evaluation.Table;
import plinius.evaluation.experiments.Networks;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;
import plinius.evaluation.report.Report;
import plinius.host.HostException;

/** Trains under a trace and says what it cost. */
@Command(
    name = "spot",
    description = {
      "Trains as a trace of spot instances says: with real processes that are started and killed,",
      "time compressed, or counted only. Writes a report and its raw data."
    })
public final class SpotCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "TRACE",
      description = {
        "A file: rows price,index; AWS price history as json or text; availability with",
        "gap_seconds; rows seconds,event,node; gzip or not. Or synthetic:SEED[,up=S][,down=S]",
        "[,seconds=S]."
      })
  private String trace;

  @Option(names = "--bid", paramLabel = "USD", description = "The most one pays an hour.")
  private Double bid;

  @Option(
      names = "--step",
      paramLabel = "S",
      defaultValue = "300",
      description = "Seconds that a row price,index holds (default: ${DEFAULT-VALUE}).")
  private double step;

  @Option(names = "--zone", paramLabel = "Z", description = "Of several in an AWS history.")
  private String zone;

  @Option(names = "--type", paramLabel = "T", description = "Of several in an AWS history.")
  private String type;

  @Option(
      names = "--instances",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many are wanted; each trains a job of its own (default: 1).")
  private int instances;

  @Option(
      names = "--policy",
      paramLabel = "P",
      split = ",",
      description = {
        "What is kept, several with commas: mirror, none, or checkpoint:K, which is the same",
        "sealed mirror every K iterations only (default: mirror)."
      })
  private List<String> policies = List.of("mirror");

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "500",
      description = "To reach (default: ${DEFAULT-VALUE}).")
  private int iterations;

  @Option(names = "--hours", paramLabel = "H", description = "Only the first hours of the trace.")
  private Double hours;

  @Option(names = "--count", description = "Count only: no process is started.")
  private boolean count;

  @Option(
      names = "--iteration-seconds",
      paramLabel = "S",
      defaultValue = "90",
      description = "Of the trace, for --count (default: ${DEFAULT-VALUE}, the paper's).")
  private double iterationSeconds;

  @Option(
      names = "--save-seconds",
      paramLabel = "S",
      defaultValue = "0.01",
      description = "Of saving the state, for --count (default: ${DEFAULT-VALUE}).")
  private double saveSeconds;

  @Option(
      names = "--start-seconds",
      paramLabel = "S",
      defaultValue = "60",
      description = "From an instance to its first iteration, for --count (default: 60).")
  private double startSeconds;

  @Option(
      names = "--state-bytes",
      paramLabel = "B",
      defaultValue = "3000000",
      description = "Of a saved state, for --count (default: ${DEFAULT-VALUE}).")
  private long stateBytes;

  @Option(
      names = "--compression",
      paramLabel = "X",
      defaultValue = "600",
      description = "Seconds of the trace in a second here (default: ${DEFAULT-VALUE}).")
  private double compression;

  @Option(
      names = "--cfg",
      paramLabel = "F",
      description = "The network, on 28 x 28 grey images (default: the paper's 12 convolutions).")
  private Path cfg;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "MNIST's four files (default: drawn digits).")
  private Path data;

  @Option(
      names = "--pm",
      paramLabel = "DIR",
      description = "A folder on persistent memory (default: /dev/shm, which emulates it).")
  private Path pm = Path.of("/dev/shm");

  @Option(
      names = "--on-demand",
      paramLabel = "USD",
      defaultValue = "0.42",
      description = "An hour of an instance that stays (default: c3.2xlarge in 2020, 0.42).")
  private double onDemand;

  @Option(
      names = "--spot-price",
      paramLabel = "USD",
      defaultValue = "0.126",
      description = "An hour where the trace has no price (default: 30 % of 0.42).")
  private double spotPrice;

  @Option(
      names = "--deadline",
      paramLabel = "H",
      description = "Hours of the trace until it must be done (default: none).")
  private Double deadline;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "spot-results",
      description = "For report and raw data (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Override
  public Integer call() {
    requirePositive("--step", step);
    requirePositive("--compression", compression);
    requirePositive("--iteration-seconds", iterationSeconds);
    requirePositive("--iterations", iterations);
    requirePositive("--instances", instances);
    requireNotNegative("--save-seconds", saveSeconds);
    requireNotNegative("--start-seconds", startSeconds);
    requireNotNegative("--state-bytes", (double) stateBytes);
    requireNotNegative("--on-demand", onDemand);
    requireNotNegative("--spot-price", spotPrice);
    if (deadline != null && !(deadline > 0 && Double.isFinite(deadline))) {
      throw new Refusal(
          ExitCode.USAGE,
          "--deadline takes hours of the trace, a number above 0, got "
              + deadline
              + "; without a deadline leave it out");
    }
    List<Policy> chosen = policies.stream().map(Policy::parse).toList();
    Trace whole =
        Traces.read(
            trace, new Traces.Reading(step, Optional.ofNullable(zone), Optional.ofNullable(type)));
    if (hours != null) {
      requirePositive("--hours", hours);
      whole = whole.first(hours * 3600);
    }
    Trace there =
        whole.under(bid == null ? OptionalDouble.empty() : OptionalDouble.of(bid), instances);
    makeOut(); // Before hours of training, not after them.
    Table.Rows results = SpotResult.table("runs");
    Table.Rows curves = SpotRun.curveTable("curves");
    if (count) {
      countAll(there, chosen, results);
    } else {
      runAll(there, chosen, results, curves);
    }
    Table runs = results.done();
    tell(runs);
    write(there, runs, curves.done());
    return ExitCode.DONE.code();
  }

  private void countAll(Trace there, List<Policy> chosen, Table.Rows results) {
    Counting counting =
        new Counting(
            iterations,
            iterationSeconds,
            saveSeconds,
            startSeconds,
            stateBytes,
            onDemand,
            spotPrice);
    for (Policy policy : chosen) {
      for (int instance = 0; instance < instances; instance++) {
        counting
            .count(there, instance, policy)
            .addTo(results, there.name(), "counted", deadlineSeconds());
      }
    }
  }

  private void runAll(Trace there, List<Policy> chosen, Table.Rows results, Table.Rows curves) {
    Installation installation = Installation.current();
    try (Laboratory laboratory =
        new Laboratory(
            Laboratory.Effort.FULL,
            pm,
            Path.of(System.getProperty("java.io.tmpdir")),
            platform -> new Product(installation, platform),
            Laboratory.Inputs.ofMnist(Optional.ofNullable(data)),
            Terminal::notice)) {
      Trainings trainings =
          Trainings.prepare(laboratory.product(), laboratory.disk(), laboratory.inputs().mnist());
      Path network =
          cfg != null ? cfg : trainings.cfg("spot.cfg", Networks.twelve(128, iterations, 32));
      for (Policy policy : chosen) {
        for (SpotRun.Seen seen : together(trainings, network, there, policy, laboratory)) {
          seen.result().addTo(results, there.name(), "run", deadlineSeconds());
          seen.curve().forEach(curves::add);
        }
      }
    }
  }

  private OptionalDouble deadlineSeconds() {
    return deadline == null ? OptionalDouble.empty() : OptionalDouble.of(deadline * 3600);
  }

  /** Every instance trains its own job, all at once as the trace has them. */
  private List<SpotRun.Seen> together(
      Trainings trainings, Path network, Trace there, Policy policy, Laboratory laboratory) {
    laboratory.progress(
        "spot: %s, %d instance(s), about %d s"
            .formatted(policy, instances, (long) (there.seconds() / compression)));
    List<SpotRun.Seen> seen = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    List<RuntimeException> failures = new ArrayList<>();
    for (int i = 0; i < instances; i++) {
      int instance = i;
      SpotRun run =
          new SpotRun(
              trainings,
              network,
              iterations,
              compression,
              laboratory.newPm(),
              new SpotRun.Prices(onDemand, spotPrice));
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      SpotRun.Seen one = run.run(there, instance, policy);
                      synchronized (seen) {
                        seen.add(one);
                      }
                    } catch (RuntimeException e) {
                      synchronized (seen) {
                        failures.add(e);
                      }
                    }
                  }));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(ExitCode.STOPPED, "interrupted");
    }
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
    return seen;
  }

  private void tell(Table runs) {
    for (List<String> cells : runs.rows()) {
      Table.Row row = new Table.Row(runs, cells);
      Terminal.out()
          .printf(
              Locale.ROOT,
              "%s, instance %s: %s of %d iterations, %s executed, %s wasted, %s losses;"
                  + " %.1f h, %s USD on spot, %s USD on demand%s%n",
              row.get("policy"),
              row.get("instance"),
              row.get("completed"),
              iterations,
              row.get("executed"),
              row.get("wasted"),
              row.get("losses"),
              row.number("hours"),
              row.get("cost"),
              row.get("onDemandCost"),
              switch (row.get("deadlineMet")) {
                case "" -> "";
                case "true" -> "; deadline met";
                default -> "; deadline MISSED";
              });
    }
  }

  private void write(Trace there, Table runs, Table curves) {
    Findings.Builder findings = new Findings.Builder();
    Table state = SpotRun.stateTable("state", there, instances);
    findings.table(state).table(runs);
    findings.figure(
        Figure.of(
            "Instances over the trace's time",
            "state",
            Figure.Kind.STEP,
            "hours",
            Figure.Axis.linear("hours of the trace"),
            "instances",
            Figure.Axis.linear("instances")));
    if (!curves.rows().isEmpty()) {
      findings.table(curves);
      findings.figure(
          Figure.of(
                  "Loss over the trace's time",
                  "curves",
                  Figure.Kind.LINE,
                  "hours",
                  Figure.Axis.linear("hours of the trace"),
                  "loss",
                  Figure.Axis.linear("loss"))
              .by("policy"));
    }
    if (deadline != null) {
      for (List<String> cells : runs.rows()) {
        Table.Row row = new Table.Row(runs, cells);
        findings.claim(
            Claim.holds(
                "Done within %s hours of the trace: %s, instance %s"
                    .formatted(deadline, row.get("policy"), row.get("instance")),
                row.is("deadlineMet", true),
                ""));
      }
    }
    there.remarks().forEach(findings::note);
    findings.note("checkpoint:K is the same sealed mirror, made every K iterations only.");
    try {
      for (Table table :
          curves.rows().isEmpty() ? List.of(state, runs) : List.of(state, runs, curves)) {
        Files.writeString(out.resolve(table.name() + ".csv"), table.csv());
      }
      Files.writeString(
          out.resolve("report.html"),
          Report.write(
              "Training on spot instances",
              there.name() + (bid == null ? "" : ", bid " + bid + " USD an hour"),
              Machine.observe(Path.of("").toAbsolutePath(), pm, out, Clock.systemUTC()),
              List.of(new Report.Section(".", "Under " + there.name(), "", findings.build()))));
    } catch (IOException e) {
      throw unwritable(e);
    }
    Terminal.out().println(out.resolve("report.html"));
  }

  private void makeOut() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private Refusal unwritable(IOException e) {
    return new Refusal(ExitCode.MEDIUM, "cannot write to " + out + ": " + HostException.why(e));
  }

  private static void requireNotNegative(String option, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new Refusal(ExitCode.USAGE, option + " takes a number from 0 on, got " + value);
    }
  }

  private static void requirePositive(String option, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new Refusal(ExitCode.USAGE, option + " takes a number above 0, got " + value);
    }
  }
}
