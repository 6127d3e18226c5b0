package plinius.evaluation.experiments;

import java.nio.file.Path;
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
  public Findings run(Laboratory laboratory) {
    Table.Rows rows =
        Table.of("accesses", "medium", "access", "megabytesPerSecond", "microsPerBlock");
    String disk = Machine.fileSystem(laboratory.disk()) + " file";
    String pm = Machine.fileSystem(laboratory.pm());
    probe(laboratory, rows, disk, laboratory.disk(), "file");
    probe(laboratory, rows, pm + " file", laboratory.pm(), "file");
    probe(laboratory, rows, pm + " as persistent memory", laboratory.pm(), "pmem");
    Table table = rows.done();
    double random = ratio(table, "random write", pm + " as persistent memory", disk);
    return new Findings.Builder()
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
                random,
                "x",
                "orders of magnitude"))
        .claim(
            Claim.of(
                "Random reads of 4 KiB, persistent memory against disk",
                ratio(table, "random read", pm + " as persistent memory", disk),
                "x",
                "orders of magnitude"))
        .note(
            "Files are written with an fsync after each block and read after their cache was"
                + " emptied; persistent memory is written with non-temporal stores, write-back and"
                + " a fence after each block. "
                + (pm.equals("tmpfs")
                    ? "tmpfs emulates persistent memory by DRAM: real modules lie between it and"
                        + " the disk. There is no DAX device here."
                    : ""))
        .build();
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
            laboratory.choose("1.5", "8"))
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
