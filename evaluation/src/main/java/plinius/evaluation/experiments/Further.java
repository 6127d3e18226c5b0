package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.mirror.OverheadProbe;
import plinius.evaluation.mirror.ScalingProbe;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.MeasuringJvm;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/** What the paper does not ask: the price of a mirror at every iteration, and exactness. */
final class Further implements Experiment {
  private static final double CHECKFREQ = 3.5;
  private static final double PCCHECK = 3;
  private static final String EACH = "time of the mirror, at every iteration";

  @Override
  public String name() {
    return "further";
  }

  @Override
  public String title() {
    return "Further than the paper";
  }

  @Override
  public String paper() {
    return "Not asked. CheckFreq (FAST 2021) reports an overhead of 3.5 %, PCcheck (ASPLOS 2025) 3"
        + " % at a checkpoint every 10 iterations; neither encrypts.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 75 : 490);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Findings.Builder findings = new Findings.Builder();
    overhead(laboratory, findings);
    scaling(laboratory, findings);
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(), laboratory.newFolder("further"), laboratory.inputs().mnist());
    exactness(laboratory, trainings, findings);
    if (laboratory.quick()) {
      findings.note("The whole product's rate beside bare training belongs to a full run.");
    } else {
      ProductRate.measure(laboratory, trainings, findings);
    }
    peers(laboratory, findings);
    return findings.build();
  }

  // ---------------------------------------------------------------- price of mirroring

  private static void overhead(Laboratory laboratory, Findings.Builder findings) {
    Path cfg =
        Networks.write(laboratory.disk().resolve("work.cfg"), Networks.twelve(128, 1_000_000, 32));
    Table.Rows raw =
        Table.of(
            "overhead-rounds",
            "megabytes",
            "round",
            "aloneMillis",
            "mirroredMillis",
            "mirrorMillis",
            "limitMillis");
    for (double megabytes :
        laboratory.choose(List.of(1., 50.), List.of(1., 10., 50., 100., 200.))) {
      laboratory.progress("further: mirror of " + (int) megabytes + " MB at every iteration");
      MeasuringJvm.run(
              OverheadProbe.class,
              laboratory.pm().toString(),
              cfg.toString(),
              Double.toString(megabytes),
              laboratory.choose("7", "11"))
          .forEach(
              line ->
                  raw.add(
                      line.path("megabytes").asDouble(),
                      line.path("round").asInt(),
                      line.path("aloneMillis").asDouble(),
                      line.path("mirroredMillis").asDouble(),
                      line.path("mirrorMillis").asDouble(),
                      line.path("limitMillis").asDouble()));
    }
    judgeOverhead(raw.done(), findings);
  }

  /** Medians and claims of raw rounds. */
  static void judgeOverhead(Table raw, Findings.Builder findings) {
    Table.Rows shares = Table.of("overhead", "megabytes", "how", "percent");
    double at50 = Double.NaN;
    double limitAt50 = Double.NaN;
    for (double size :
        raw.rows().stream().map(row -> Double.parseDouble(row.getFirst())).distinct().toList()) {
      double alone = raw.median("aloneMillis", row -> row.is("megabytes", size));
      double mirror = raw.median("mirrorMillis", row -> row.is("megabytes", size));
      double mirrored = raw.median("mirroredMillis", row -> row.is("megabytes", size));
      double share = 100 * mirror / alone;
      shares.add(size, EACH, share);
      // The mirror overlaps with nothing: ten times as seldom is a tenth.
      shares.add(size, "the same at every 10th iteration", share / 10);
      shares.add(size, "whole iteration, with against without", 100 * (mirrored / alone - 1));
      double limit = 100 * raw.median("limitMillis", row -> row.is("megabytes", size)) / alone;
      shares.add(size, "cipher and copy alone", limit);
      at50 = size == 50 ? share : at50;
      limitAt50 = size == 50 ? limit : limitAt50;
    }
    findings
        .table(raw)
        .table(shares.done())
        .figure(
            Figure.of(
                    "A mirror at every iteration of about 300 ms",
                    "overhead",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "percent",
                    Figure.Axis.linear("% of an iteration"))
                .by("how")
                .beside("CheckFreq: 3.5 %, not encrypted", CHECKFREQ)
                .beside("PCcheck: 3 %, every 10 iterations, not encrypted", PCCHECK));
    if (!Double.isNaN(at50)) {
      findings
          .claim(
              Claim.atMost(
                  3.5,
                  "Mirror of 50 MB at every iteration of about 300 ms of work on all cores",
                  at50,
                  "%",
                  "CheckFreq 3.5 %, not encrypted"))
          .claim(Claim.of("Cipher and copy alone of these 50 MB", limitAt50, "%", ""))
          .claim(
              Claim.atMost(
                  PCCHECK,
                  "The same at every 10th iteration",
                  at50 / 10,
                  "%",
                  "PCcheck 3 % at every 10th, not encrypted"));
    }
    findings.note(
        "Mirror and work have all cores. The work is real training (12 convolutions) on all cores;"
            + " the mirror of the made-up model follows it and overlaps with nothing, so its time"
            + " is the overhead. The second line compares whole rounds and carries the machine's"
            + " noise.");
  }

  // ---------------------------------------------------------------- scaling

  /** Raw data of scaling: a row a size, number of threads and round. */
  static Table.Rows scalingRounds() {
    return Table.of(
        "scaling-rounds",
        "megabytes",
        "threads",
        "round",
        "saveMillis",
        "restoreMillis",
        "copyMillis");
  }

  private static void scaling(Laboratory laboratory, Findings.Builder findings) {
    Table.Rows raw = scalingRounds();
    for (double megabytes : laboratory.choose(List.of(50.), List.of(10., 50., 200.))) {
      laboratory.progress("further: mirror of " + (int) megabytes + " MB by more and more threads");
      MeasuringJvm.run(
              ScalingProbe.class,
              laboratory.pm().toString(),
              Double.toString(megabytes),
              laboratory.choose("7", "15"),
              String.join(
                  ",",
                  threads(Runtime.getRuntime().availableProcessors()).stream()
                      .map(String::valueOf)
                      .toList()))
          .forEach(
              line ->
                  raw.add(
                      line.path("megabytes").asDouble(),
                      line.path("threads").asInt(),
                      line.path("round").asInt(),
                      line.path("saveMillis").asDouble(),
                      line.path("restoreMillis").asDouble(),
                      line.path("copyMillis").asDouble()));
    }
    judgeScaling(raw.done(), findings);
  }

  /** 1, 2, 4 and so on, and last as many as there are cores. */
  static List<Integer> threads(int cores) {
    List<Integer> threads = new ArrayList<>();
    for (int count = 1; count < cores; count *= 2) {
      threads.add(count);
    }
    threads.add(cores);
    return threads;
  }

  /** How many times faster so many threads are than one, by medians. */
  static void judgeScaling(Table raw, Findings.Builder findings) {
    Table.Rows times = Table.of("scaling", "threads", "what", "times");
    List<Table.Row> rows = raw.rows().stream().map(cells -> new Table.Row(raw, cells)).toList();
    for (double size : rows.stream().map(row -> row.number("megabytes")).distinct().toList()) {
      List<Integer> counts =
          rows.stream()
              .filter(row -> row.is("megabytes", size))
              .map(row -> (int) row.number("threads"))
              .distinct()
              .toList();
      for (String what : List.of("save", "restore", "copy")) {
        double last = 1;
        for (int count : counts) {
          last = median(raw, what, size, 1) / median(raw, what, size, count);
          times.add(count, (int) size + " MB, " + what, last);
        }
        if (size == 50 && !what.equals("copy") && counts.getLast() > 1) {
          findings.claim(
              Claim.of(
                  "Mirror of 50 MB, " + what + " on " + counts.getLast() + " threads against one",
                  last,
                  "x",
                  "one thread"));
        }
      }
    }
    findings
        .table(raw)
        .table(times.done())
        .figure(
            Figure.of(
                    "Mirror by threads",
                    "scaling",
                    Figure.Kind.LINE,
                    "threads",
                    Figure.Axis.linear("threads"),
                    "times",
                    Figure.Axis.linear("times as fast as one"))
                .by("what"))
        .note(
            "The copy of as many bytes into the medium, without cipher, shows what the medium"
                + " leaves of a further thread.");
  }

  private static double median(Table raw, String what, double size, int threads) {
    return raw.median(
        what + "Millis", row -> row.is("megabytes", size) && row.is("threads", threads));
  }

  // ---------------------------------------------------------------- exactness

  /** Raw data of exactness: a row a training; a killed one ends in no state. */
  static Table.Rows exactnessRuns() {
    return Table.of("exactness", "training", "exitCode", "iterations", "state");
  }

  private static void exactness(
      Laboratory laboratory, Trainings trainings, Findings.Builder findings) {
    int iterations = laboratory.choose(40, 200);
    Path cfg = trainings.cfg("exact.cfg", Networks.five(64, iterations, 8));
    Table.Rows rows = exactnessRuns();
    int threads = Runtime.getRuntime().availableProcessors();
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("--threads", 1),
            List.of("--threads", threads),
            List.of("--threads", 2 * threads + 1),
            List.of("--mirror-every", 7))) {
      laboratory.progress("further: exactness, " + options);
      Product.Ended ended = trainings.train(cfg, laboratory.newPm(), options.toArray());
      rows.add(options.toString(), ended.code(), iterations, ended.state());
    }
    Path pm = laboratory.newPm();
    for (String at :
        List.of(
            "mirror-out:" + iterations / 4,
            "iteration:" + iterations / 2,
            "mirror-in",
            "recovery")) {
      laboratory.progress("further: exactness, killed at " + at);
      Product.Ended killed = trainings.startTraining(cfg, pm, event -> {}, "--kill-at", at).end();
      rows.add("killed at " + at, killed.code(), killed.iterations().size(), "");
    }
    Product.Ended last = trainings.train(cfg, pm);
    rows.add("resumed after these four kills", 0, last.iterations().size(), last.state());
    judgeExactness(rows.done(), threads, findings);
  }

  /** One state, in which every training ended that was not killed; and four were. */
  static void judgeExactness(Table runs, int threads, Findings.Builder findings) {
    List<Table.Row> rows = runs.rows().stream().map(cells -> new Table.Row(runs, cells)).toList();
    List<Table.Row> ended = rows.stream().filter(row -> row.is("exitCode", 0)).toList();
    findings
        .table(runs)
        .claim(
            Claim.holds(
                "Same state bit for bit: 1, "
                    + threads
                    + " and "
                    + (2 * threads + 1)
                    + " threads, another mirror frequency, four kills",
                rows.size() - ended.size() == 4
                    && ended.stream().noneMatch(row -> row.get("state").isEmpty())
                    && ended.stream().map(row -> row.get("state")).distinct().count() == 1,
                "not claimed"));
  }

  // ---------------------------------------------------------------- peers

  private static void peers(Laboratory laboratory, Findings.Builder findings) {
    laboratory.progress("further: training rate beside others");
    List<Object> command =
        new ArrayList<>(
            List.of(
                "bench",
                "train",
                laboratory.product().root().resolve("examples/mnist/mnist-12.cfg"),
                "--turns",
                5,
                "--json"));
    laboratory.inputs().darknet().ifPresent(file -> command.addAll(List.of("--darknet", file)));
    Product.Ended ended = laboratory.quick() ? null : laboratory.product().run(command.toArray());
    List<Event> lines =
        ended == null
            ? List.of()
            : ended.events().stream()
                .filter(line -> line.fields().path("bench").asText().equals("train"))
                .toList();
    if (lines.isEmpty()) {
      findings.note(
          "The training rate beside libtorch and Darknet is not in this run: `plinius bench train`"
              + (laboratory.quick() ? " belongs to a full one." : " gave no figures."));
      return;
    }
    Table.Rows rows = Table.of("rates", "implementation", "threads", "imagesPerSecond");
    for (Event line : lines) {
      rows.add(
          line.fields().path("implementation").asText(),
          line.fields().path("threads").asInt(),
          line.number("imagesPerSecond"));
    }
    judgeRates(rows.done(), findings);
  }

  /** Claims and the figure of training rates; a peer's better layout counts. */
  static void judgeRates(Table rates, Findings.Builder findings) {
    findings
        .table(rates)
        .figure(
            Figure.of(
                    "Training rate, 12 convolutions, batch 128",
                    "rates",
                    Figure.Kind.BARS,
                    "threads",
                    Figure.Axis.linear("threads"),
                    "imagesPerSecond",
                    Figure.Axis.linear("images/s"))
                .by("implementation"));
    rateAgainst(rates, findings, "libtorch", 1, 1.5);
    rateAgainst(rates, findings, "libtorch", 2, 1.3);
    rateAgainst(rates, findings, "darknet", 2, 10);
    double scaling = best(rates, "plinius", 2) / best(rates, "plinius", 1);
    if (scaling > 0) {
      findings.claim(Claim.atLeast(1.6, "Training on two threads against one", scaling, "x", ""));
    }
  }

  private static void rateAgainst(
      Table rates, Findings.Builder findings, String peer, int threads, double bar) {
    double ratio = best(rates, "plinius", threads) / best(rates, peer, threads);
    if (Double.isNaN(ratio)) {
      findings.note("No training rate of " + peer + " on " + threads + " threads in this run.");
      return;
    }
    findings.claim(
        Claim.atLeast(
            bar,
            "Training rate against " + peer + ", threads: " + threads,
            ratio,
            "x",
            "one thread, no peer"));
  }

  /** The highest rate of an implementation in any of its layouts; NaN without one. */
  private static double best(Table rates, String implementation, int threads) {
    return rates.rows().stream()
        .map(cells -> new Table.Row(rates, cells))
        .filter(row -> row.is("implementation", implementation) && row.is("threads", threads))
        .mapToDouble(row -> row.number("imagesPerSecond"))
        .max()
        .orElse(Double.NaN);
  }
}
