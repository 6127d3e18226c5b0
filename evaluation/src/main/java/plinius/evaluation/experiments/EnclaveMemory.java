package plinius.evaluation.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
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

  private static final String MEASURED = "measured, memory without limit";
  private static final String MODELLED = "93.5 MB of enclave memory";

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
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 15 : 45);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    List<Double> sizes =
        laboratory.choose(List.of(10., 50., 100.), List.of(10., 50., 85., 100., 150., 200.));
    Table.Rows sets =
        Table.of("working-set", "megabytes", "operation", "workingSetMegabytes", "millis");
    Table.Rows modelled = Table.of("save", "megabytes", "how", "millis");
    Table.Rows restores = Table.of("restore", "megabytes", "how", "millis");
    double greatest = 0;
    for (double megabytes : sizes) {
      laboratory.progress("enclave: working set of a model of " + (int) megabytes + " MB");
      JsonNode line =
          MeasuringJvm.run(
                  WorkingSetProbe.class, laboratory.pm().toString(), Double.toString(megabytes))
              .getFirst();
      double model = megabytes * 1e6;
      double save = model + line.path("saveBytes").asDouble();
      double restore = model + line.path("restoreBytes").asDouble();
      double saveMillis = line.path("saveMillis").asDouble();
      double restoreMillis = line.path("restoreMillis").asDouble();
      sets.add(megabytes, "save", save / 1e6, saveMillis);
      sets.add(megabytes, "restore", restore / 1e6, restoreMillis);
      modelled.add(megabytes, MEASURED, saveMillis);
      modelled.add(megabytes, MODELLED, saveMillis + 1e3 * pagingSeconds(save, save));
      restores.add(megabytes, MEASURED, restoreMillis);
      restores.add(megabytes, MODELLED, restoreMillis + 1e3 * pagingSeconds(restore, restore));
      greatest = Math.max(greatest, save / model);
    }
    return new Findings.Builder()
        .table(sets.done())
        .table(modelled.done())
        .table(restores.done())
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
                    "Save under the limit",
                    "save",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "millis",
                    Figure.Axis.log("ms"))
                .by("how")
                .modelled(MODELLED))
        .figure(
            Figure.of(
                    "Restore under the limit",
                    "restore",
                    Figure.Kind.LINE,
                    "megabytes",
                    Figure.Axis.linear("model, MB"),
                    "millis",
                    Figure.Axis.log("ms"))
                .by("how")
                .modelled(MODELLED))
        .claim(Claim.of("Working set of a save, times the model", greatest, "x", ""))
        .note(
            "THIS IS A MODEL where the figures say so. Measured are times and working sets (the"
                + " model and all that the operation allocates). Modelled is paging: past 93.5 MiB"
                + " every page of the working set faults once, at 40,000 cycles (Eleos, EuroSys"
                + " 2017) of a 3.8 GHz processor, which is 10.5 us for 4 KiB. There is no SGX"
                + " here.")
        .build();
  }
}
