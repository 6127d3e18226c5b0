package plinius.evaluation.experiments;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
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

  /** Ends the name of what runs in the enclave's image. */
  static final String INSIDE = ", inside";

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
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 30 : 180);
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
                "--inside",
                "--folder",
                laboratory.pm(),
                "--swaps",
                laboratory.choose("1,8,64,512,2048", "1,2,4,8,16,32,64,128,256,512,1024,2048"),
                "--write-back",
                laboratory.choose("clwb", "clwb,clflushopt,clflush"),
                "--threads",
                laboratory.choose("1", "1,2"),
                "--rounds",
                3,
                "--milliseconds",
                laboratory.choose(100, 150));
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
            "swapsPerSecond");
    for (Event line : lines) {
      rows.add(
          line.fields().path("implementation").asText(),
          line.fields().path("writeback").asText(),
          line.fields().path("threads").asInt(),
          line.fields().path("swapsPerTransaction").asInt(),
          line.number("swapsPerSecond"));
    }
    Findings.Builder findings = new Findings.Builder();
    judge(rows.done(), findings);
    return findings
        .note(
            "Romulus in SCONE cannot be run here; the paper reports it 1.6 to 6.9x slower than"
                + " SGX-Romulus past 64 swaps a transaction. Inside means a process of the"
                + " enclave's image with its options; memory is not encrypted by hardware here, so"
                + " that what differs is the virtual machine's configuration alone.")
        .build();
  }

  /** Claims and figures of raw lines. */
  static void judge(Table table, Findings.Builder findings) {
    findings.table(table);
    for (int threads :
        table.rows().stream()
            .map(cells -> (int) new Table.Row(table, cells).number("threads"))
            .distinct()
            .toList()) {
      figure(
          findings,
          "clwb-" + threads,
          "Swaps a second, clwb, threads: " + threads,
          table,
          row -> row.is("writeback", "clwb") && row.is("threads", threads),
          row -> row.get("implementation"));
    }
    figure(
        findings,
        "instructions",
        "Swaps a second by instruction, 1 thread",
        table,
        row -> row.is("threads", 1) && !row.get("implementation").endsWith(INSIDE),
        row -> row.get("implementation") + ", " + row.get("writeback"));
    for (String implementation : List.of("ping-pong", "romulus")) {
      if (there(table, implementation + INSIDE)) {
        findings.claim(
            Claim.of(
                implementation + " outside against inside the enclave's image, 64 swaps",
                clwb(table, implementation, 64) / clwb(table, implementation + INSIDE, 64),
                "x",
                "native 1.6 to 3.7x faster than in SGX"));
      }
    }
    if (!there(table, PEER)) {
      findings.note("PMDK's libpmemobj is not here, so there are no ratios to it.");
      return;
    }
    bar(table, findings, "ping-pong", 3, 9);
    bar(table, findings, "romulus", 1.9, 9);
  }

  private static void bar(
      Table table, Findings.Builder findings, String implementation, double one, double many) {
    if (!there(table, implementation)) {
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

  private static void figure(
      Findings.Builder findings,
      String name,
      String title,
      Table all,
      Predicate<Table.Row> wanted,
      Function<Table.Row, String> series) {
    Table.Rows rows = Table.of(name, "swapsPerTransaction", "swapsPerSecond", "series");
    all.rows().stream()
        .map(cells -> new Table.Row(all, cells))
        .filter(wanted)
        .forEach(
            row ->
                rows.add(
                    row.get("swapsPerTransaction"), row.get("swapsPerSecond"), series.apply(row)));
    findings
        .table(rows.done())
        .figure(
            Figure.of(
                    title,
                    name,
                    Figure.Kind.LINE,
                    "swapsPerTransaction",
                    Figure.Axis.log("swaps a transaction"),
                    "swapsPerSecond",
                    Figure.Axis.log("swaps/s"))
                .by("series"));
  }

  private static boolean there(Table table, String implementation) {
    return table.rows().stream()
        .anyMatch(cells -> new Table.Row(table, cells).is("implementation", implementation));
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
