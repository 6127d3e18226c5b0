package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import plinius.evaluation.Claim;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Machine;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/**
 * The whole product beside bare training: what unsealing the batch and mirroring every iteration
 * leave of the training rate, in persistent memory and in a file on the disk. The command {@code
 * train} itself is run, in turns with one that mirrors nothing.
 */
final class ProductRate {
  static final String MEMORY = "mirrored to persistent memory";
  static final String FILE = "mirrored to a file on the disk";
  static final String BARE = "not mirrored";

  private static final double BAR = 0.98;
  private static final int ROUNDS = 3;
  private static final int ITERATIONS = 150;

  /** The last of them that count: what runs once an iteration is compiled only by then. */
  private static final int JUDGED = 50;

  /** For --mirror-every: beyond the last iteration. */
  private static final int NEVER = 1_000_000;

  private ProductRate() {}

  /** Raw data: a row a training, round and iteration. */
  static Table.Rows rawTable() {
    return Table.of(
        "product-iterations",
        "training",
        "round",
        "iteration",
        "millis",
        "unsealMillis",
        "waitMillis",
        "mirrorMillis");
  }

  /** Trains the paper's network in turns, and judges. */
  static void measure(Laboratory laboratory, Trainings trainings, Findings.Builder findings) {
    judge(rounds(laboratory, trainings, ROUNDS, ITERATIONS), JUDGED, findings);
    findings.note(
        "The whole product is the command train on examples/mnist/mnist-12.cfg with all cores, in"
            + " turns with the same command that mirrors nothing, "
            + ROUNDS
            + " times; counted are the "
            + JUDGED
            + " iterations before the last. Persistent memory is "
            + Machine.fileSystem(laboratory.pm())
            + ", the disk has "
            + Machine.fileSystem(laboratory.disk())
            + ". Judged is what training waited: the time for its batch and for mirrors that kept"
            + " the next iteration from beginning, of the time of the same iterations;"
            + " the totals of a training, so that a stall now and then counts, and of the"
            + " trainings the median. These are parts of one whole, on which the machine's noise"
            + " falls alike; the ratio of the rates compares trainings minutes apart and carries"
            + " all of it. What the ratio alone sees is how much the mirror's thread, which goes"
            + " on beside the next iteration, slows that one down; the third value bounds it: as"
            + " if nothing computed until the mirror is durable. Unsealing the next batch goes on"
            + " beside an iteration in all of these trainings.");
  }

  /** Raw data of so many rounds of trainings in turns. */
  static Table rounds(Laboratory laboratory, Trainings trainings, int rounds, int iterations) {
    Path cfg = laboratory.product().root().resolve("examples/mnist/mnist-12.cfg");
    Table.Rows raw = rawTable();
    for (int round = 0; round < rounds; round++) {
      laboratory.progress("further: the whole product's rate, round " + (round + 1));
      for (String how : List.of(BARE, MEMORY, FILE)) {
        Path pm =
            how.equals(FILE) ? laboratory.disk().resolve("product-" + round) : laboratory.newPm();
        Product.Ended ended =
            trainings.train(
                cfg,
                pm,
                "--iterations",
                iterations,
                "--mirror-every",
                how.equals(BARE) ? NEVER : 1);
        for (Event event : ended.iterations()) {
          raw.add(
              how,
              round,
              event.iteration(),
              event.number("nanos") / 1e6,
              event.number("unsealNanos") / 1e6,
              event.number("mirrorWaitNanos") / 1e6,
              event.number("mirrorNanos") / 1e6);
        }
        Laboratory.remove(pm);
      }
    }
    return raw.done();
  }

  /**
   * Claims of raw iterations.
   *
   * @param judged how many iterations count, up to the one before the last: the last is always
   *     mirrored
   */
  static void judge(Table raw, int judged, Findings.Builder findings) {
    int last = (int) Arrays.stream(raw.numbers("iteration", row -> true)).max().orElseThrow();
    Table.Rows shares = Table.of("product", "training", "part", "percent");
    findings.table(raw);
    for (String how : List.of(MEMORY, FILE)) {
      Judged mirrored = new Judged(raw, how, last - judged, last - 1);
      Judged bare = new Judged(raw, BARE, last - judged, last - 1);
      findings
          .claim(
              Claim.atLeast(
                  BAR,
                  "Whole product of the bare training rate, 12 convolutions, "
                      + how
                      + " at every iteration, by what it waits",
                  mirrored.left(),
                  "",
                  ""))
          .claim(
              Claim.of(
                  "The same, " + how + ", as a ratio of rates",
                  bare.bareMillis() / mirrored.millis(),
                  "",
                  ""))
          .claim(
              Claim.of(
                  "The same, " + how + ", as if nothing computed beside the mirror",
                  mirrored.leftAlone(),
                  "",
                  ""));
      shares.add(how, "waiting for the batch", 100 * mirrored.share("unsealMillis"));
      shares.add(how, "waiting for mirrors", 100 * mirrored.share("waitMillis"));
    }
    findings
        .table(shares.done())
        .figure(
            Figure.of(
                    "What an iteration of the whole product waits, 12 convolutions",
                    "product",
                    Figure.Kind.BARS,
                    "training",
                    Figure.Axis.linear("training"),
                    "percent",
                    Figure.Axis.linear("% of an iteration"))
                .by("part"));
  }

  /** The iterations {@code from} to {@code to} of all rounds of a training. */
  private record Judged(Table raw, String how, int from, int to) {

    /** What is left for training when waiting for batches and mirrors is taken away. */
    double left() {
      return 1 - share("unsealMillis") - share("waitMillis");
    }

    /** The same if the mirror began after its iteration and ended before the next. */
    double leftAlone() {
      return overRounds(
          round -> {
            double training =
                sum(round, "millis") - sum(round, "unsealMillis") - sum(round, "waitMillis");
            return training / (training + sum(round, "unsealMillis") + sum(round, "mirrorMillis"));
          });
    }

    /** A part of the iterations' time: a round's totals, and of the rounds the median. */
    double share(String part) {
      return overRounds(round -> sum(round, part) / sum(round, "millis"));
    }

    /** Of an iteration, the median of all rounds. */
    double millis() {
      return Statistics.median(numbers("millis"));
    }

    /** The same without what is not training. */
    double bareMillis() {
      double[] all = numbers("millis");
      double[] unseal = numbers("unsealMillis");
      double[] wait = numbers("waitMillis");
      return Statistics.median(
          IntStream.range(0, all.length).mapToDouble(i -> all[i] - unseal[i] - wait[i]).toArray());
    }

    private double overRounds(IntToDoubleFunction value) {
      return Statistics.median(
          Arrays.stream(raw.numbers("round", this::counts))
              .distinct()
              .map(round -> value.applyAsDouble((int) round))
              .toArray());
    }

    private double sum(int round, String column) {
      return Arrays.stream(raw.numbers(column, row -> counts(row) && row.is("round", round))).sum();
    }

    private double[] numbers(String column) {
      return raw.numbers(column, this::counts);
    }

    private boolean counts(Table.Row row) {
      double iteration = row.number("iteration");
      return row.is("training", how) && iteration >= from && iteration <= to;
    }
  }
}
