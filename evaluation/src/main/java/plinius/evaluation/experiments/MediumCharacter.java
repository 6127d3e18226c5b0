package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.time.Duration;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Machine;
import plinius.evaluation.Table;
import plinius.evaluation.mirror.MediumProbe;
import plinius.evaluation.process.MeasuringJvm;

/** What the media are capable of. */
final class MediumCharacter implements Experiment {
  private static final String TMPFS = "tmpfs";
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  @Override
  public String name() {
    return "medium";
  }

  @Override
  public String title() {
    return "The media";
  }

  @Override
  public String paper() {
    return "fio, random and sequential: persistent memory lies between an SSD and tmpfs, and is"
        + " orders of magnitude faster than the SSD at random access.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 20 : 35);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Table.Rows rows =
        Table.of("accesses", "medium", "access", "megabytesPerSecond", "microsPerBlock");
    String disk = Machine.fileSystem(laboratory.disk()) + " file";
    String memory = Machine.fileSystem(laboratory.pm());
    String pm = memory + " as persistent memory";
    probe(laboratory, rows, disk, laboratory.disk(), "file");
    probe(laboratory, rows, memory + " file", laboratory.pm(), "file");
    probe(laboratory, rows, pm, laboratory.pm(), "pmem");
    boolean emulated = memory.equals(TMPFS);
    if (!emulated && Machine.fileSystem(SHARED_MEMORY).equals(TMPFS)) {
      // A real device stands between the other two.
      probe(
          laboratory,
          rows,
          TMPFS + " as persistent memory",
          laboratory.newFolder(SHARED_MEMORY),
          "pmem");
    }
    Findings.Builder findings = new Findings.Builder();
    judge(rows.done(), pm, disk, findings);
    return findings
        .note(
            "Files are written with an fsync after each block and read after their cache was"
                + " emptied; persistent memory is written with non-temporal stores, write-back and"
                + " a fence after each block. "
                + (emulated
                    ? "tmpfs emulates persistent memory by DRAM: real modules lie between it and"
                        + " the disk. No DAX device was given (--pm)."
                    : ""))
        .build();
  }

  /** Claims and figures of what the probes measured. */
  static void judge(Table table, String pm, String disk, Findings.Builder findings) {
    findings
        .table(table)
        .figure(
            Figure.of(
                    "4 KiB blocks: throughput",
                    "accesses",
                    Figure.Kind.BARS,
                    "access",
                    Figure.Axis.linear("access"),
                    "megabytesPerSecond",
                    Figure.Axis.log("MB/s"))
                .by("medium"))
        .figure(
            Figure.of(
                    "4 KiB blocks: time of one",
                    "accesses",
                    Figure.Kind.BARS,
                    "access",
                    Figure.Axis.linear("access"),
                    "microsPerBlock",
                    Figure.Axis.log("us"))
                .by("medium"))
        .claim(
            Claim.of(
                "Durable random writes of 4 KiB, persistent memory against disk",
                ratio(table, "random write", pm, disk),
                "x",
                "orders of magnitude"))
        .claim(
            Claim.of(
                "Random reads of 4 KiB, persistent memory against disk",
                ratio(table, "random read", pm, disk),
                "x",
                "orders of magnitude"));
  }

  private static void probe(
      Laboratory laboratory, Table.Rows rows, String medium, Path folder, String how) {
    laboratory.progress("medium: " + medium);
    MeasuringJvm.run(
            MediumProbe.class,
            medium,
            folder.toString(),
            how,
            laboratory.choose("64", "512"),
            laboratory.choose("1.5", "4"))
        .forEach(
            line ->
                rows.add(
                    line.path("medium").asText(),
                    line.path("access").asText(),
                    line.path("megabytesPerSecond").asDouble(),
                    line.path("microsPerBlock").asDouble()));
  }

  private static double ratio(Table table, String access, String one, String other) {
    return table.median(
            "megabytesPerSecond", row -> row.is("access", access) && row.is("medium", one))
        / table.median(
            "megabytesPerSecond", row -> row.is("access", access) && row.is("medium", other));
  }
}
