package plinius.evaluation.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
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
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 45 : 250);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    int cores = Runtime.getRuntime().availableProcessors();
    Table.Rows raw = rawTable();
    probe(
        laboratory,
        1,
        laboratory.choose(List.of(10., 50.), List.of(10., 25., 50., 100., 180., 200.)),
        raw);
    if (cores > 1) {
      probe(laboratory, cores, laboratory.choose(List.of(10., 50.), List.of(50., 100., 180.)), raw);
    }
    Findings.Builder findings = new Findings.Builder();
    judge(raw.done(), findings);
    cold(laboratory, findings);
    media(laboratory, findings);
    return findings.build();
  }

  private static void probe(
      Laboratory laboratory, int threads, List<Double> sizes, Table.Rows raw) {
    int rounds = laboratory.choose(5, 7);
    laboratory.progress("mirror: models of %s MB, threads: %d".formatted(sizes, threads));
    Set<Double> begun = new HashSet<>();
    MeasuringJvm.run(
            MirrorProbe.class,
            line -> {
              double megabytes = line.path("megabytes").asDouble();
              if (begun.add(megabytes)) {
                laboratory.progress(
                    "mirror: %d MB, %d rounds, threads: %d"
                        .formatted((int) megabytes, rounds, threads));
              }
            },
            laboratory.pm().toString(),
            laboratory.disk().toString(),
            String.join(",", sizes.stream().map(String::valueOf).toList()),
            Integer.toString(rounds),
            Integer.toString(threads))
        .forEach(line -> addTo(raw, line));
  }

  static Table.Rows rawTable() {
    return Table.of(
        "rounds",
        "threads",
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
        line.path("threads").asInt(),
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
    findings.table(raw);
    Table.Rows means = Table.of("means", "threads", "megabytes", "store", "save", "restore");
    Table.Rows saves = Table.of("save-ratios", "megabytes", "against", "times");
    Table.Rows restores = Table.of("restore-ratios", "megabytes", "against", "times");
    raw.rows().stream()
        .map(cells -> Integer.parseInt(cells.getFirst()))
        .distinct()
        .forEach(threads -> new OfThreads(raw, threads).judge(means, saves, restores, findings));
    findings
        .table(means.done())
        .table(saves.done())
        .table(restores.done())
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

  /** The rounds with so many threads on every side. */
  private record OfThreads(Table raw, int threads) {

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
              limit(
                  "save against a file", least(judged, size -> save(size, FILE) / saveAlone(size))))
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
                "Save against a file with an fsync for each buffer, the paper's baseline, "
                    + words(),
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
      return row ->
          row.is("threads", threads) && row.is("megabytes", size) && row.is("store", store);
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
            + ". As many threads on every side (the paper's two ways have one), AES-256-GCM, the"
            + " same buffers of at most 256 KiB, stores take turns in one virtual machine. Ratios"
            + " are those of medians; means, as the paper has them, are in a table of their own. A"
            + " cold cache means that this system has dropped the file's pages; a virtual disk's"
            + " host may still have them, which favours the disk.");
  }
}
