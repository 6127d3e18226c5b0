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
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Machine;
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
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 45 : 240);
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
        .forEach(threads -> new MirrorRatios(raw, threads).judge(means, saves, restores, findings));
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
