package plinius.evaluation.experiments;

import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.CIPHER;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.COPY;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.EACH;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.FILE;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.LINES;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.MIRROR;
import static plinius.evaluation.experiments.MirrorAgainstCheckpoints.TWINS;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import plinius.evaluation.Claim;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;

/**
 * What the rounds of {@link MirrorAgainstCheckpoints} with so many threads on every side come to:
 * medians, ratios of medians, claims.
 */
record MirrorRatios(Table raw, int threads) {
  /** The bars hold for models of these sizes. */
  private static final double JUDGED_FROM = 50;

  private static final double JUDGED_TO = 180;

  /** Ends the names of claims and series. */
  private String words() {
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  void judge(Table.Rows means, Table.Rows saves, Table.Rows restores, Findings.Builder findings) {
    Table.Rows medians =
        Table.of("medians-" + threads, "megabytes", "store", "save", "restore", "cold");
    for (double size : sizes()) {
      for (String store : List.of(MIRROR, LINES, TWINS, COPY, CIPHER, FILE, EACH)) {
        if (!measured(size, store)) {
          continue; // the paper's ways are measured on one thread
        }
        medians.add(
            size,
            store,
            save(size, store),
            restore(size, store),
            isCold(size) && (store.equals(FILE) || store.equals(EACH)) ? cold(size, store) : "");
        means.add(
            threads,
            size,
            store,
            Statistics.mean(raw.numbers("saveMillis", of(size, store))),
            Statistics.mean(raw.numbers("restoreMillis", of(size, store))));
      }
      for (String other : List.of(FILE, EACH, TWINS)) {
        if (measured(size, other)) {
          saves.add(size, other + ", " + words(), save(size, other) / save(size, MIRROR));
        }
      }
      restores.add(size, "file, cache warm, " + words(), warmTimes(size));
      if (isCold(size)) {
        restores.add(size, "file, cache cold, " + words(), coldTimes(size));
      }
    }
    findings.table(medians.done());
    List<Double> judged =
        sizes().stream().filter(size -> size >= JUDGED_FROM && size <= JUDGED_TO).toList();
    if (!judged.isEmpty()) {
      claims(judged, findings);
      partsClaims(judged, findings);
      breakdown(judged.get(judged.size() / 2), findings);
    }
    figures(findings);
  }

  private void claims(List<Double> judged, Findings.Builder findings) {
    findings
        .claim(
            Claim.atLeast(
                4,
                "Save against a file with one fsync, non-temporal stores, worst size of 50 to 180"
                    + " MB, "
                    + words(),
                least(judged, size -> save(size, FILE) / save(size, MIRROR)),
                "x",
                "3.2x, against an fsync for each buffer"))
        .claim(
            limit("save against a file", least(judged, size -> save(size, FILE) / saveAlone(size))))
        .claim(
            Claim.atLeast(
                3.5,
                "The same with ordinary stores and write-back, " + words(),
                least(judged, size -> save(size, FILE) / save(size, LINES)),
                "x",
                ""));
    if (judged.stream().allMatch(size -> measured(size, EACH))) {
      findings.claim(
          Claim.of(
              "Save against a file with an fsync for each buffer, the paper's baseline, " + words(),
              least(judged, size -> save(size, EACH) / save(size, MIRROR)),
              "x",
              "3.2x on Optane, 3.5x emulated"));
    }
    if (judged.stream().allMatch(this::isCold)) {
      findings
          .claim(
              Claim.atLeast(
                  3,
                  "Restore against a file, cache cold, worst size, " + words(),
                  least(judged, this::coldTimes),
                  "x",
                  "3.7x on Optane, 2.5x emulated"))
          .claim(
              limit(
                  "restore, cache cold",
                  least(judged, size -> cold(size, FILE) / restoreAlone(size))));
    } else {
      findings.note("The file's cache could not be emptied here: no cold restore was measured.");
    }
    findings.claim(
        Claim.of(
            "Restore against a file, cache warm, worst size, " + words(),
            least(judged, this::warmTimes),
            "x",
            ""));
    if (judged.stream().allMatch(size -> measured(size, TWINS))) {
      findings.claim(
          Claim.atLeast(
              1.3,
              "Save against the paper's way, every byte twice, worst size, " + words(),
              least(judged, size -> save(size, TWINS) / save(size, MIRROR)),
              "x",
              ""));
    }
    findings
        .claim(
            Claim.atMost(
                2,
                "Save against copying as many bytes into the same medium, worst size, " + words(),
                -least(judged, size -> -save(size, MIRROR) / save(size, COPY)),
                "x",
                ""))
        .claim(
            limit(
                "save against copying",
                -least(judged, size -> -saveAlone(size) / save(size, COPY))))
        .claim(
            Claim.of(
                "Share of encryption in a save, greatest, " + words(),
                -100 * least(judged, size -> -save(size, CIPHER) / save(size, MIRROR)),
                "%",
                "30.3 % on Optane, 66.4 % emulated"))
        .claim(
            Claim.of(
                "Share of decryption in a restore, greatest, " + words(),
                -100 * least(judged, size -> -restore(size, CIPHER) / restore(size, MIRROR)),
                "%",
                ""));
  }

  /**
   * The paper's parts, write and read: save and restore less the cipher, which is the same on both
   * sides.
   */
  private void partsClaims(List<Double> judged, Findings.Builder findings) {
    if (judged.stream().anyMatch(size -> writing(size, MIRROR) <= 0 || reading(size) <= 0)) {
      findings.note(
          "Writing and reading alone cannot be told, "
              + words()
              + ": the cipher alone took longer than a save or a restore with it.");
      return;
    }
    if (judged.stream().allMatch(size -> measured(size, EACH))) {
      findings.claim(
          Claim.of(
              "Write alone, without the cipher: against a file with an fsync for each buffer, worst"
                  + " size, "
                  + words(),
              least(judged, size -> writing(size, EACH) / writing(size, MIRROR)),
              "x",
              "4.5x on Optane"));
    }
    findings.claim(
        Claim.of(
            "Write alone, without the cipher: against a file with one fsync, worst size, "
                + words(),
            least(judged, size -> writing(size, FILE) / writing(size, MIRROR)),
            "x",
            "4.5x on Optane, against an fsync for each buffer"));
    if (judged.stream().allMatch(this::isCold)) {
      findings.claim(
          Claim.of(
              "Read alone, without the cipher: against a file, cache cold, worst size, " + words(),
              least(judged, size -> (cold(size, FILE) - restore(size, CIPHER)) / reading(size)),
              "x",
              "16.8x on Optane"));
    }
  }

  /** What the claim before it would be of a mirror that does nothing else. */
  private Claim limit(String what, double value) {
    return Claim.of("Cipher and copy alone: " + what + ", " + words(), value, "x", "");
  }

  /** Where the time of one size goes: the cipher alone, and what is not the cipher. */
  private void breakdown(double size, Findings.Builder findings) {
    String name = "breakdown-" + threads;
    Table.Rows parts = Table.of(name, "operation", "part", "millis");
    split(parts, "save, mirror", save(size, MIRROR), save(size, CIPHER));
    split(parts, "save, file", save(size, FILE), save(size, CIPHER));
    split(parts, "restore, mirror", restore(size, MIRROR), restore(size, CIPHER));
    split(parts, "restore, file", restore(size, FILE), restore(size, CIPHER));
    if (isCold(size)) {
      split(parts, "restore, cold file", cold(size, FILE), restore(size, CIPHER));
    }
    findings
        .table(parts.done())
        .figure(
            Figure.of(
                    "Where the time goes, "
                        + (int) size
                        + " MB, "
                        + words()
                        + " (the file with one fsync)",
                    name,
                    Figure.Kind.BARS,
                    "operation",
                    Figure.Axis.linear("operation"),
                    "millis",
                    Figure.Axis.linear("ms"))
                .by("part"));
  }

  private static void split(Table.Rows parts, String operation, double all, double cipher) {
    parts.add(operation, "cipher", cipher);
    parts.add(operation, "all else", Math.max(0, all - cipher));
  }

  private void figures(Findings.Builder findings) {
    findings
        .figure(lines("Save: encrypt, write, make durable, ", "save", "ms, median"))
        .figure(
            lines(
                "Restore: read, authenticate, decrypt, ",
                "restore",
                "ms, median, files from a warm cache"));
  }

  private Figure lines(String title, String column, String axis) {
    return Figure.of(
            title + words(),
            "medians-" + threads,
            Figure.Kind.LINE,
            "megabytes",
            Figure.Axis.linear("model, MB"),
            column,
            Figure.Axis.log(axis))
        .by("store");
  }

  private List<Double> sizes() {
    return rows().map(row -> row.number("megabytes")).distinct().toList();
  }

  private Stream<Table.Row> rows() {
    return raw.rows().stream()
        .map(cells -> new Table.Row(raw, cells))
        .filter(row -> row.is("threads", threads));
  }

  private Predicate<Table.Row> of(double size, String store) {
    return row -> row.is("threads", threads) && row.is("megabytes", size) && row.is("store", store);
  }

  private boolean measured(double size, String store) {
    return rows().anyMatch(of(size, store));
  }

  /** Whether each round of a file's restores has a cold one. */
  private boolean isCold(double size) {
    return rows().filter(of(size, FILE)).noneMatch(row -> row.get("coldRestoreMillis").isEmpty());
  }

  private double save(double size, String store) {
    return raw.median("saveMillis", of(size, store));
  }

  private double restore(double size, String store) {
    return raw.median("restoreMillis", of(size, store));
  }

  private double cold(double size, String store) {
    return raw.median("coldRestoreMillis", of(size, store));
  }

  /** A save without its cipher. */
  private double writing(double size, String store) {
    return save(size, store) - save(size, CIPHER);
  }

  /** A restore from the mirror without its cipher. */
  private double reading(double size) {
    return restore(size, MIRROR) - restore(size, CIPHER);
  }

  private double saveAlone(double size) {
    return save(size, CIPHER) + save(size, COPY);
  }

  private double restoreAlone(double size) {
    return restore(size, CIPHER) + restore(size, COPY);
  }

  private double warmTimes(double size) {
    return restore(size, FILE) / restore(size, MIRROR);
  }

  private double coldTimes(double size) {
    return cold(size, FILE) / restore(size, MIRROR);
  }

  private static double least(List<Double> sizes, ToDoubleFunction<Double> value) {
    return sizes.stream().mapToDouble(value).min().orElseThrow();
  }
}
