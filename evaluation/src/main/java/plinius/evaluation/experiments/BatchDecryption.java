package plinius.evaluation.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import plinius.cli.demo.DrawnDigits;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;
import plinius.evaluation.mirror.BatchProbe;
import plinius.evaluation.process.MeasuringJvm;

/** What unsealing the batch costs an iteration. */
final class BatchDecryption implements Experiment {
  private static final int IMAGES = 12_000;

  /** From this batch on the bar holds. */
  private static final int JUDGED_FROM = 32;

  /** With fewer pairs of iterations a median says too little for the bar's two percent. */
  static final int JUDGED_PAIRS = 31;

  private static final int PAIRS_MIN = 9;
  private static final int PAIRS_MAX = 60;

  @Override
  public String name() {
    return "batch";
  }

  @Override
  public String title() {
    return "Batch decryption";
  }

  @Override
  public String paper() {
    return "5 convolutions, batches of 1 to 1000, encrypted against plain data in persistent"
        + " memory: iterations are 1.2x slower on average, up to 160 s at a batch of 1000.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 40 : 165);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Path images = laboratory.disk().resolve("batch-images");
    Path labels = laboratory.disk().resolve("batch-labels");
    try {
      new DrawnDigits(31).write(images, labels, IMAGES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Integer> batches =
        laboratory.choose(
            List.of(1, 32, 128, 1024), List.of(1, 4, 16, 32, 64, 128, 256, 512, 1024));
    Table.Rows raw = Table.of("iterations", "batch", "iteration", "sealedMillis", "plainMillis");
    for (int batch : batches) {
      laboratory.progress("batch: " + batch);
      int pairs = pairs(batch, laboratory.quick());
      Path cfg =
          Networks.write(
              laboratory.disk().resolve("batch-" + batch + ".cfg"),
              Networks.five(batch, 1000, laboratory.choose(16, 32)));
      MeasuringJvm.run(
              BatchProbe.class,
              laboratory.pm().toString(),
              images.toString(),
              labels.toString(),
              cfg.toString(),
              Integer.toString(batch),
              Integer.toString(pairs))
          .forEach(
              line ->
                  raw.add(
                      line.path("batch").asInt(),
                      line.path("iteration").asInt(),
                      line.path("sealedMillis").asDouble(),
                      line.path("plainMillis").asDouble()));
    }
    Findings.Builder findings = new Findings.Builder();
    judge(raw.done(), findings);
    return findings
        .note(
            "One network is trained on both in turn in one virtual machine, on the same samples in"
                + " the same order; a sample is a sealed record of its own. Digits drawn by the"
                + " program: their values do not change the time. Judged are batches with at least "
                + JUDGED_PAIRS
                + " pairs of iterations"
                + (laboratory.quick() ? ", which a quick run has only for the smaller ones." : "."))
        .build();
  }

  /** How many pairs of iterations: fewer of large batches, in a full run enough to judge each. */
  static int pairs(int batch, boolean quick) {
    return quick
        ? Math.clamp(4_000 / batch, PAIRS_MIN, PAIRS_MAX)
        : Math.clamp(6_000 / batch, JUDGED_PAIRS, PAIRS_MAX);
  }

  /** Medians of the times and of the pairs' ratios, and claims, of raw pairs. */
  static void judge(Table raw, Findings.Builder findings) {
    Table.Rows medians = Table.of("medians", "batch", "data", "millis");
    Table.Rows ratios = Table.of("ratios", "batch", "times");
    double worst = 0;
    for (int batch :
        raw.rows().stream().map(row -> Integer.parseInt(row.getFirst())).distinct().toList()) {
      double[] sealed = raw.numbers("sealedMillis", row -> row.is("batch", batch));
      double[] plain = raw.numbers("plainMillis", row -> row.is("batch", batch));
      medians
          .add(batch, "sealed", Statistics.median(sealed))
          .add(batch, "plain", Statistics.median(plain));
      // Pair by pair: a machine whose speed changes in between has one speed within a pair.
      double[] times = new double[sealed.length];
      Arrays.setAll(times, pair -> sealed[pair] / plain[pair]);
      ratios.add(batch, Statistics.median(times));
      if (batch >= JUDGED_FROM && times.length >= JUDGED_PAIRS) {
        worst = Math.max(worst, Statistics.median(times));
      }
    }
    findings
        .table(raw)
        .table(medians.done())
        .table(ratios.done())
        .figure(
            Figure.of(
                    "An iteration of 5 convolutions",
                    "medians",
                    Figure.Kind.LINE,
                    "batch",
                    Figure.Axis.log("batch"),
                    "millis",
                    Figure.Axis.log("ms, median"))
                .by("data"))
        .figure(
            Figure.of(
                    "Sealed against plain data",
                    "ratios",
                    Figure.Kind.LINE,
                    "batch",
                    Figure.Axis.log("batch"),
                    "times",
                    Figure.Axis.linear("times as long, median of pairs"))
                .beside("the paper's average: 1.2", 1.2))
        .claim(
            Claim.atMost(
                1.02,
                "Iteration on sealed against plain data, worst batch from 32 up",
                worst,
                "x",
                "1.2x on average"));
  }
}
