package plinius.evaluation.experiments;

import java.time.Duration;
import java.util.List;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;

/** Swaps in a persistent array: what the benchmark of the library measures, with claims. */
final class SwapsPerSecond implements Experiment {
  static final String PEER = "libpmemobj";

  @Override
  public String name() {
    return "sps";
  }

  @Override
  public String title() {
    return "SPS: swaps in a persistent array";
  }

  @Override
  public String paper() {
    return "10 MB array, 2 to 2048 swaps a transaction, CLFLUSH and CLFLUSHOPT: SGX-Romulus is 1.6"
        + " to 3.7x slower than native Romulus, and past 64 swaps 1.6 to 6.9x faster than"
        + " Romulus in SCONE.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 45 : 170);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    laboratory.progress("sps: plinius bench sps");
    Product.Ended ended =
        laboratory
            .product()
            .run(
                "bench",
                "sps",
                "--json",
                "--folder",
                laboratory.pm(),
                "--swaps",
                laboratory.choose("1,8,64,512,2048", "1,2,4,8,16,32,64,128,256,512,1024,2048"),
                "--threads",
                laboratory.choose("1", "1,2"),
                "--rounds",
                3,
                "--milliseconds",
                laboratory.choose(100, 200));
    List<Event> lines =
        ended.events().stream()
            .filter(line -> line.fields().path("bench").asText().equals("sps"))
            .toList();
    if (ended.code() != 0 || lines.isEmpty()) {
      throw new Unavailable(
          "`plinius bench sps` gave no figures (exit code "
              + ended.code()
              + "). Romulus in SCONE cannot be run here either way; the paper's figures are"
              + " above.");
    }
    Table.Rows rows =
        Table.of(
            "swaps",
            "implementation",
            "writeback",
            "threads",
            "swapsPerTransaction",
            "swapsPerSecond",
            "series");
    for (Event line : lines) {
      String implementation = line.fields().path("implementation").asText();
      String writeback = line.fields().path("writeback").asText();
      int threads = line.fields().path("threads").asInt();
      rows.add(
          implementation,
          writeback,
          threads,
          line.fields().path("swapsPerTransaction").asInt(),
          line.number("swapsPerSecond"),
          implementation
              + ", "
              + writeback
              + ", "
              + threads
              + " thread"
              + (threads > 1 ? "s" : ""));
    }
    Findings.Builder findings = new Findings.Builder();
    judge(rows.done(), findings);
    return findings
        .note(
            "Romulus in SCONE cannot be run here; the paper reports it 1.6 to 6.9x slower than"
                + " SGX-Romulus past 64 swaps a transaction. Memory is not encrypted by hardware"
                + " here, so inside the enclave's process and outside are the same.")
        .build();
  }

  /** Claims and figures of raw lines. */
  static void judge(Table table, Findings.Builder findings) {
    findings
        .table(table)
        .figure(
            Figure.of(
                    "Swaps a second",
                    "swaps",
                    Figure.Kind.LINE,
                    "swapsPerTransaction",
                    Figure.Axis.log("swaps a transaction"),
                    "swapsPerSecond",
                    Figure.Axis.log("swaps/s"))
                .by("series"));
    if (table.rows().stream()
        .noneMatch(row -> row.get(table.column("implementation")).equals(PEER))) {
      findings.note("PMDK's libpmemobj is not here, so there are no ratios to it.");
      return;
    }
    bar(table, findings, "ping-pong", 3, 9);
    bar(table, findings, "romulus", 1.9, 9);
  }

  private static void bar(
      Table table, Findings.Builder findings, String implementation, double one, double many) {
    if (table.rows().stream()
        .noneMatch(row -> row.get(table.column("implementation")).equals(implementation))) {
      return;
    }
    findings
        .claim(
            Claim.atLeast(
                one,
                implementation + " against libpmemobj, 1 swap a transaction",
                ratio(table, implementation, 1),
                "x",
                ""))
        .claim(
            Claim.atLeast(
                many,
                implementation + " against libpmemobj, 64 swaps a transaction",
                ratio(table, implementation, 64),
                "x",
                ""));
  }

  private static double ratio(Table table, String implementation, int swaps) {
    return clwb(table, implementation, swaps) / clwb(table, PEER, swaps);
  }

  private static double clwb(Table table, String implementation, int swaps) {
    return table.median(
        "swapsPerSecond",
        row ->
            row.is("implementation", implementation)
                && row.is("writeback", "clwb")
                && row.is("threads", 1)
                && row.is("swapsPerTransaction", swaps));
  }
}
