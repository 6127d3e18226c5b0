package plinius.evaluation.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Machine;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;
import plinius.evaluation.mirror.ColdProbe;
import plinius.evaluation.mirror.MirrorProbe;
import plinius.evaluation.process.MeasuringJvm;

/** The encrypted mirror in persistent memory against checkpoints in files. */
final class MirrorAgainstCheckpoints implements Experiment {
  static final String MIRROR = "mirror, non-temporal";
  static final String LINES = "mirror, stores and write-back";
  static final String TWINS = "paper's way: twice in one transaction";
  static final String COPY = "copy";
  static final String CIPHER = "cipher only";
  static final String FILE = "file, one fsync";
  static final String EACH = "file, fsync each buffer";

  /** The bars hold for models of these sizes. */
  private static final double JUDGED_FROM = 50;

  private static final double JUDGED_TO = 180;
  private static final double COLD_MEGABYTES = 48;

  @Override
  public String name() {
    return "mirror";
  }

  @Override
  public String title() {
    return "Mirroring against checkpoints";
  }

  @Override
  public String paper() {
    return "Models of 10 to 100 MB, save = encrypt and write, restore = read and decrypt, against"
        + " an SSD with an fsync for each buffer: on Optane save 3.2x and restore 3.7x"
        + " faster (write 4.5x, read 16.8x); encryption is 30.3 % of a save there, 66.4 %"
        + " where DRAM emulates persistent memory.";
  }

  @Override
  public Findings run(Laboratory laboratory) {
    List<Double> sizes =
        laboratory.choose(
            List.of(10., 50., 100.), List.of(10., 25., 50., 75., 100., 140., 180., 200.));
    int rounds = laboratory.choose(5, 9);
    Table.Rows raw = rawTable();
    for (double megabytes : sizes) {
      laboratory.progress("mirror: a model of " + (int) megabytes + " MB, " + rounds + " rounds");
      MeasuringJvm.run(
              MirrorProbe.class,
              laboratory.pm().toString(),
              laboratory.disk().toString(),
              Double.toString(megabytes),
              Integer.toString(rounds),
              "1")
          .forEach(line -> addTo(raw, line));
    }
    Findings.Builder findings = new Findings.Builder();
    judge(raw.done(), findings);
    cold(laboratory, findings);
    media(laboratory, findings);
    return findings.build();
  }

  static Table.Rows rawTable() {
    return Table.of(
        "rounds",
        "megabytes",
        "store",
        "round",
        "saveMillis",
        "restoreMillis",
        "coldRestoreMillis");
  }

  private static void addTo(Table.Rows raw, JsonNode line) {
    String cold = line.path("coldRestoreMillis").asText();
    raw.add(
        line.path("megabytes").asDouble(),
        line.path("store").asText(),
        line.path("round").asInt(),
        line.path("saveMillis").asDouble(),
        line.path("restoreMillis").asDouble(),
        cold.isEmpty() ? "" : Double.parseDouble(cold));
  }

  // ---------------------------------------------------------------- arithmetic

  /** Medians, ratios, claims and figures of raw rounds. */
  static void judge(Table raw, Findings.Builder findings) {
    Table.Rows medians = Table.of("medians", "megabytes", "store", "save", "restore", "cold");
    Table.Rows means = Table.of("means", "megabytes", "store", "save", "restore");
    Table.Rows saves = Table.of("save-ratios", "megabytes", "against", "times");
    Table.Rows restores = Table.of("restore-ratios", "megabytes", "against", "times");
    List<Double> sizes =
        raw.rows().stream().map(r -> Double.parseDouble(r.get(0))).distinct().toList();
    double worstSave = Double.MAX_VALUE;
    double worstLines = Double.MAX_VALUE;
    double worstCold = Double.MAX_VALUE;
    double worstTwins = Double.MAX_VALUE;
    double worstCopy = 0;
    double paperSave = Double.MAX_VALUE;
    double cipherShare = 0;
    double warm = Double.MAX_VALUE;
    boolean isCold = true;
    for (double size : sizes) {
      double save = median(raw, "saveMillis", size, MIRROR);
      double restore = median(raw, "restoreMillis", size, MIRROR);
      for (String store : List.of(MIRROR, LINES, TWINS, COPY, CIPHER, FILE, EACH)) {
        medians.add(
            size,
            store,
            median(raw, "saveMillis", size, store),
            median(raw, "restoreMillis", size, store),
            isCold(raw, size, store) ? median(raw, "coldRestoreMillis", size, store) : "");
        means.add(
            size,
            store,
            Statistics.mean(raw.numbers("saveMillis", of(size, store))),
            Statistics.mean(raw.numbers("restoreMillis", of(size, store))));
      }
      double fair = median(raw, "saveMillis", size, FILE) / save;
      double papers = median(raw, "saveMillis", size, EACH) / save;
      double twins = median(raw, "saveMillis", size, TWINS) / save;
      saves.add(size, FILE, fair).add(size, EACH, papers).add(size, TWINS, twins);
      double warmRatio = median(raw, "restoreMillis", size, FILE) / restore;
      restores.add(size, "file, cache warm", warmRatio);
      boolean coldHere = isCold(raw, size, FILE);
      isCold &= coldHere;
      if (coldHere) {
        restores.add(
            size, "file, cache cold", median(raw, "coldRestoreMillis", size, FILE) / restore);
      }
      if (size < JUDGED_FROM || size > JUDGED_TO) {
        continue;
      }
      worstSave = Math.min(worstSave, fair);
      paperSave = Math.min(paperSave, papers);
      worstLines =
          Math.min(
              worstLines,
              median(raw, "saveMillis", size, FILE) / median(raw, "saveMillis", size, LINES));
      worstTwins = Math.min(worstTwins, twins);
      worstCopy = Math.max(worstCopy, save / median(raw, "saveMillis", size, COPY));
      warm = Math.min(warm, warmRatio);
      cipherShare = Math.max(cipherShare, median(raw, "saveMillis", size, CIPHER) / save);
      if (coldHere) {
        worstCold = Math.min(worstCold, median(raw, "coldRestoreMillis", size, FILE) / restore);
      }
    }
    Table restoreTable = restores.done();
    findings
        .table(raw)
        .table(medians.done())
        .table(means.done())
        .table(saves.done())
        .table(restoreTable)
        .claim(
            Claim.atLeast(
                4,
                "Save against a file with one fsync, non-temporal stores, worst size of 50 to 180"
                    + " MB",
                worstSave,
                "x",
                "3.2x, against an fsync for each buffer"))
        .claim(
            Claim.atLeast(3.5, "The same with ordinary stores and write-back", worstLines, "x", ""))
        .claim(
            Claim.of(
                "Save against a file with an fsync for each buffer, the paper's baseline",
                paperSave,
                "x",
                "3.2x on Optane, 3.5x emulated"));
    if (isCold) {
      findings.claim(
          Claim.atLeast(
              3,
              "Restore against a file, cache cold, worst size",
              worstCold,
              "x",
              "3.7x on Optane, 2.5x emulated"));
    } else {
      findings.note("The file's cache could not be emptied here: no cold restore was measured.");
    }
    findings
        .claim(Claim.of("Restore against a file, cache warm, worst size", warm, "x", ""))
        .claim(
            Claim.atLeast(
                1.3,
                "Save against the paper's way, every byte twice, worst size",
                worstTwins,
                "x",
                ""))
        .claim(
            Claim.atMost(
                2,
                "Save against copying as many bytes into the same medium, worst size",
                worstCopy,
                "x",
                ""))
        .claim(
            Claim.of(
                "Share of encryption in a save, greatest",
                100 * cipherShare,
                "%",
                "30.3 % on Optane, 66.4 % emulated"))
        .figure(
            Figure.of(
                    "Save: encrypt, write, make durable",
                    "medians",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "save",
                    Figure.Axis.log("ms, median"))
                .by("store"))
        .figure(
            Figure.of(
                    "Restore: read, authenticate, decrypt",
                    "medians",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "restore",
                    Figure.Axis.log("ms, median"))
                .by("store"))
        .figure(
            Figure.of(
                    "How many times faster our mirror saves",
                    "save-ratios",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "times",
                    Figure.Axis.log("times"))
                .by("against")
                .beside("the paper, Optane against SSD: 3.2", 3.2))
        .figure(
            Figure.of(
                    "How many times faster our mirror restores",
                    "restore-ratios",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "times",
                    Figure.Axis.linear("times"))
                .by("against")
                .beside("the paper, Optane against SSD: 3.7", 3.7));
  }

  private static double median(Table raw, String column, double size, String store) {
    return raw.median(column, of(size, store));
  }

  private static Predicate<Table.Row> of(double size, String store) {
    return row -> row.is("megabytes", size) && row.is("store", store);
  }

  private static boolean isCold(Table raw, double size, String store) {
    return raw.rows().stream()
        .map(cells -> new Table.Row(raw, cells))
        .filter(row -> row.is("megabytes", size) && row.is("store", store))
        .noneMatch(row -> row.get("coldRestoreMillis").isEmpty());
  }

  // ---------------------------------------------------------------- fresh virtual machine

  private static void cold(Laboratory laboratory, Findings.Builder findings) {
    laboratory.progress("mirror: restore of 48 MB in a fresh virtual machine");
    Path pool = laboratory.pm().resolve("cold.pm");
    String size = Double.toString(COLD_MEGABYTES);
    Table.Rows rows = Table.of("fresh-vm", "run", "warmMillis", "firstUseMillis");
    MeasuringJvm.run(ColdProbe.class, "save", pool.toString(), size);
    for (int run = 0; run < 5; run++) {
      JsonNode line =
          MeasuringJvm.run(
                  ColdProbe.class,
                  "restore",
                  pool.toString(),
                  size,
                  Instant.now(Clock.systemUTC()).toString())
              .getFirst();
      rows.add(run, line.path("warmMillis").asDouble(), line.path("firstUseMillis").asDouble());
    }
    Laboratory.remove(pool);
    Table table = rows.done();
    findings
        .table(table)
        .claim(
            Claim.atMost(
                0.6,
                "Restore of 48 MB from a process's start to the first use, keys at hand",
                table.median("firstUseMillis", row -> true) / 1e3,
                "s",
                ""))
        .note(
            String.format(
                Locale.ROOT,
                "Of the fresh virtual machine's time %.0f ms pass until the cipher is compiled and"
                    + " warm. Attestation is not in it: the experiments with kills report whole"
                    + " restarts.",
                table.median("warmMillis", row -> true)));
  }

  private static void media(Laboratory laboratory, Findings.Builder findings) {
    findings.note(
        "Persistent memory is a file on "
            + Machine.fileSystem(laboratory.pm())
            + ", the checkpoints lie on "
            + Machine.fileSystem(laboratory.disk())
            + ". One thread on both sides, AES-256-GCM, the same buffers of at most 256 KiB, stores"
            + " take turns in one virtual machine. Ratios are those of medians; means, as the paper"
            + " has them, are in a table of their own. A cold cache means that this system has"
            + " dropped the file's pages; a virtual disk's host may still have them, which favours"
            + " the disk.");
  }
}
