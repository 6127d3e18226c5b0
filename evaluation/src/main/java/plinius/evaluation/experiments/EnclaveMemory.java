package plinius.evaluation.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.mirror.WorkingSetProbe;
import plinius.evaluation.process.MeasuringJvm;

/** What a small enclave memory would cost: working set measured, paging modelled. */
final class EnclaveMemory implements Experiment {
  /** Usable enclave page cache of the paper's machine. */
  static final double USABLE_BYTES = 93.5 * (1 << 20);

  static final int PAGE_BYTES = 4096;

  /** A fault on an evicted page, exit and load included: Orenbach et al., Eleos, EuroSys 2017. */
  static final double FAULT_CYCLES = 40_000;

  /** The paper's Xeon E3-1270 of sgx-emlPM. */
  static final double CYCLES_A_SECOND = 3.8e9;

  static final String MIRROR = "mirror";
  static final String CHECKPOINT = "checkpoint";

  private static final String MEASURED = ", measured, memory without limit";
  private static final String MODELLED = ", 93.5 MB of enclave memory";

  @Override
  public String name() {
    return "enclave";
  }

  @Override
  public String title() {
    return "Enclave memory limit";
  }

  @Override
  public String paper() {
    return "On real SGX with 93.5 MB usable, mirroring is 3.5x (save) and 2.5x (restore) faster"
        + " than checkpoints below the limit, restore 1.7x past it; encryption grows from"
        + " 66.4 % to 92.3 % of a save.";
  }

  /**
   * Seconds of paging when a sequential walk over a working set comes round again: everything that
   * does not fit makes the least recently used pages, which are the next ones needed, go; so all
   * pages fault past the limit, and none below it.
   */
  static double pagingSeconds(double workingSetBytes, double touchedBytes) {
    return workingSetBytes <= USABLE_BYTES
        ? 0
        : touchedBytes / PAGE_BYTES * FAULT_CYCLES / CYCLES_A_SECOND;
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 20 : 55);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    List<Double> sizes =
        laboratory.choose(List.of(10., 50., 100.), List.of(10., 50., 85., 100., 150., 200.));
    Table.Rows raw = operations();
    for (double megabytes : sizes) {
      laboratory.progress("enclave: working set of a model of " + (int) megabytes + " MB");
      for (JsonNode line :
          MeasuringJvm.run(
              WorkingSetProbe.class,
              laboratory.pm().toString(),
              laboratory.disk().toString(),
              Double.toString(megabytes))) {
        boolean mirror = line.path("store").asText().equals(MIRROR);
        String cold = line.path("coldRestoreMillis").asText();
        for (String operation : List.of("save", "restore")) {
          raw.add(
              megabytes,
              mirror ? MIRROR : CHECKPOINT,
              operation,
              megabytes + line.path(operation + "Bytes").asDouble() / 1e6,
              operation.equals("restore") && !cold.isEmpty()
                  ? Double.parseDouble(cold)
                  : line.path(operation + "Millis").asDouble());
        }
      }
    }
    Findings.Builder findings = new Findings.Builder();
    judge(raw.done(), findings);
    return findings
        .note(
            "THIS IS A MODEL where figures and claims say so. Measured are times and working sets"
                + " (the model and all that the operation allocates), on one thread; a checkpoint"
                + " has an fsync for each buffer, as the paper's, and is read from a cold cache"
                + " where that can be had. Modelled is paging: past 93.5 MiB every page of the"
                + " working set faults once, at 40,000 cycles (Eleos, EuroSys 2017) of a 3.8 GHz"
                + " processor, which is 10.5 us for 4 KiB. It falls on both sides alike. What a"
                + " checkpoint's system calls cost on their way out of an enclave is not in it,"
                + " which favours the checkpoint. There is no SGX here.")
        .build();
  }

  /** Raw data: a row a size, store and operation. */
  static Table.Rows operations() {
    return Table.of(
        "operations", "megabytes", "store", "operation", "workingSetMegabytes", "millis");
  }

  /** A save or a restore as it was measured, and under the limit. */
  private record Operation(double workingSetBytes, double millis) {
    static Operation of(Table raw, double megabytes, String store, String operation) {
      Predicate<Table.Row> wanted =
          row ->
              row.is("megabytes", megabytes)
                  && row.is("store", store)
                  && row.is("operation", operation);
      return new Operation(
          1e6 * raw.median("workingSetMegabytes", wanted), raw.median("millis", wanted));
    }

    boolean fits() {
      return workingSetBytes <= USABLE_BYTES;
    }

    double limitedMillis() {
      return millis + 1e3 * pagingSeconds(workingSetBytes, workingSetBytes);
    }
  }

  /** Model, ratios and claims of raw operations. */
  static void judge(Table raw, Findings.Builder findings) {
    Table.Rows sets = Table.of("working-set", "megabytes", "operation", "workingSetMegabytes");
    Table.Rows ratios = Table.of("ratios", "megabytes", "operation", "times");
    List<Double> sizes =
        raw.rows().stream().map(row -> Double.parseDouble(row.getFirst())).distinct().toList();
    findings.table(raw);
    for (String operation : List.of("save", "restore")) {
      Table.Rows times = Table.of(operation, "megabytes", "how", "millis");
      double below = Double.POSITIVE_INFINITY;
      double past = Double.POSITIVE_INFINITY;
      for (double size : sizes) {
        for (String store : List.of(MIRROR, CHECKPOINT)) {
          Operation one = Operation.of(raw, size, store, operation);
          sets.add(size, operation + ", " + store, one.workingSetBytes() / 1e6);
          times.add(size, store + MEASURED, one.millis());
          times.add(size, store + MODELLED, one.limitedMillis());
        }
        Operation mirror = Operation.of(raw, size, MIRROR, operation);
        Operation checkpoint = Operation.of(raw, size, CHECKPOINT, operation);
        double ratio = checkpoint.limitedMillis() / mirror.limitedMillis();
        ratios.add(size, operation, ratio);
        below = mirror.fits() && checkpoint.fits() ? Math.min(below, ratio) : below;
        past = mirror.fits() || checkpoint.fits() ? past : Math.min(past, ratio);
      }
      boolean save = operation.equals("save");
      claim(operation + " below 93.5 MB of", below, save ? "3.5x" : "2.5x", findings);
      claim(operation + " past 93.5 MB of", past, save ? "" : "1.7x", findings);
      findings.table(times.done()).figure(figure(operation));
    }
    findings
        .table(sets.done())
        .table(ratios.done())
        .figure(
            Figure.of(
                    "Working set of a save and of a restore",
                    "working-set",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "workingSetMegabytes",
                    Figure.Axis.linear("MB"))
                .by("operation")
                .beside("usable enclave memory, 98 MB", USABLE_BYTES / 1e6))
        .figure(
            Figure.of(
                    "How many times faster than a checkpoint under the limit",
                    "ratios",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "times",
                    Figure.Axis.linear("times"))
                .by("operation")
                .modelled("save", "restore")
                .beside("the paper, save: 3.5", 3.5)
                .beside("the paper, restore below the limit: 2.5", 2.5)
                .beside("the paper, restore past it: 1.7", 1.7))
        .claim(
            Claim.of(
                "Working set of a save, times the model",
                sizes.stream()
                    .mapToDouble(
                        size ->
                            Operation.of(raw, size, MIRROR, "save").workingSetBytes()
                                / (1e6 * size))
                    .max()
                    .orElseThrow(),
                "x",
                ""));
  }

  /** Nothing where no size lies on this side of the limit. */
  private static void claim(String where, double worst, String paper, Findings.Builder findings) {
    if (Double.isFinite(worst)) {
      findings.claim(
          Claim.of(
              "A model: "
                  + where
                  + " enclave memory, against a checkpoint with an fsync for each buffer, worst"
                  + " size",
              worst,
              "x",
              paper));
    }
  }

  private static Figure figure(String operation) {
    return Figure.of(
            (operation.equals("save") ? "Save" : "Restore") + " under the limit",
            operation,
            Figure.Kind.LINE,
            "megabytes",
            Figure.Axis.linear("model, MB"),
            "millis",
            Figure.Axis.log("ms"))
        .by("how")
        .modelled(MIRROR + MODELLED, CHECKPOINT + MODELLED);
  }
}
