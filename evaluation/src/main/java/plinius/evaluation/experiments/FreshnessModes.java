package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;

/** What telling the broker of each mirror costs: what the benchmark measures, with claims. */
final class FreshnessModes implements Experiment {
  static final String OFFLINE = "offline";
  static final String WINDOW = "window";

  /** A window is to cost at most one in a hundred. */
  private static final double WINDOW_PERCENT = 99;

  @Override
  public String name() {
    return "freshness";
  }

  @Override
  public String title() {
    return "Freshness modes";
  }

  @Override
  public String paper() {
    return "Not asked: there an older mirror that is put back is not noticed.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 55 : 220);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    laboratory.progress("freshness: plinius bench freshness");
    Path cfg = laboratory.disk().resolve("freshness.cfg");
    Networks.write(cfg, Networks.twelve(64, 1_000_000, laboratory.choose(8, 32)));
    Product.Ended ended =
        laboratory
            .product()
            .run(
                "bench",
                "freshness",
                cfg,
                "--rounds",
                laboratory.choose(1, 3),
                "--iterations",
                laboratory.choose(160, 192),
                "--skip",
                96, // what tells the broker three times is compiled then
                "--seconds",
                laboratory.choose(1, 3),
                "--json");
    Table.Rows modes =
        Table.of("modes", "mode", "iterationsPerSecond", "percentOfOffline", "least", "most");
    Table.Rows broker = Table.of("broker", "operation", "perSecond");
    for (Event line : ended.events()) {
      switch (line.fields().path("bench").asText()) {
        case "freshness" ->
            modes.add(
                line.fields().path("mode").asText(),
                line.number("iterationsPerSecond"),
                100 * line.number("toOffline"),
                100 * line.number("toOfflineLeast"),
                100 * line.number("toOfflineMost"));
        case "broker" ->
            broker.add(line.fields().path("operation").asText(), line.number("perSecond"));
        default -> {
          // What the runs themselves tell is no figure.
        }
      }
    }
    Table rows = modes.done();
    if (ended.code() != 0 || rows.rows().isEmpty()) {
      throw new Unavailable(
          "`plinius bench freshness` gave no figures (exit code "
              + ended.code()
              + "): "
              + String.join(" ", ended.said()));
    }
    Findings.Builder findings = new Findings.Builder();
    judge(rows, broker.done(), findings);
    return findings
        .note(
            "Owner with broker, host and enclave are real processes on one machine, so that an"
                + " answer of the broker takes its own time and a disk's, and none of a network."
                + " Offline keeps no record: an older pool is not noticed. A window of 32 lets so"
                + " many mirrors be written before the broker knows of them; strict waits for the"
                + " broker after each. A mirror at every iteration of 12 convolutions, batch 64.")
        .build();
  }

  /** Claims and figures of the benchmark's lines. */
  static void judge(Table modes, Table broker, Findings.Builder findings) {
    findings
        .table(modes)
        .table(broker)
        .figure(
            Figure.of(
                "Training rate under each mode",
                "modes",
                Figure.Kind.BARS,
                "mode",
                Figure.Axis.linear("freshness mode"),
                "percentOfOffline",
                Figure.Axis.linear("% of offline")));
    List<Table.Row> recorded = new ArrayList<>();
    for (List<String> cells : modes.rows()) {
      Table.Row row = new Table.Row(modes, cells);
      if (!row.is("mode", OFFLINE)) {
        recorded.add(row);
      }
    }
    for (Table.Row row : recorded) {
      String name = "Training rate with freshness " + row.get("mode") + " against none";
      double percent = row.number("percentOfOffline");
      findings.claim(
          row.get("mode").startsWith(WINDOW)
              ? Claim.atLeast(WINDOW_PERCENT, name, percent, "%", "")
              : Claim.of(name, percent, "%", ""));
    }
    for (List<String> cells : broker.rows()) {
      Table.Row row = new Table.Row(broker, cells);
      findings.claim(
          Claim.of(
              row.is("operation", "opens")
                  ? "Runs that a broker can begin in a second, attestation in it"
                  : "Mirrors that a broker can be told of in a second",
              row.number("perSecond"),
              "",
              ""));
    }
  }
}
