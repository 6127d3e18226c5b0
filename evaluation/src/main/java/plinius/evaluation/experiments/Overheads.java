package plinius.evaluation.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/** What it costs besides time: bytes of metadata, processor and memory. */
final class Overheads implements Experiment {
  /** Place (16), nonce (12) and tag (16) of each sealed record, as the mirror's format has them. */
  static final int RECORD_BYTES = 44;

  static final int TENSORS_A_LAYER = 5;

  /** From here on the processor's share is counted: before, the kernels are being compiled. */
  private static final int WARM_ITERATION = 10;

  @Override
  public String name() {
    return "overheads";
  }

  @Override
  public String title() {
    return "Overheads";
  }

  @Override
  public String paper() {
    return "28 bytes a buffer for initialization vector and MAC, 5 buffers a layer, 140 bytes a"
        + " layer; training takes 98 to 100 % of one core.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 40 : 65);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(), laboratory.newFolder("overheads"), laboratory.inputs().mnist());
    int iterations = laboratory.choose(40, 60);
    Path cfg =
        trainings.cfg(
            "overheads.cfg",
            Networks.twelve(laboratory.choose(64, 128), iterations, laboratory.choose(16, 32)));
    Table.Rows samples =
        Table.of(
            "usage",
            "threads",
            "seconds",
            "process",
            "cpuPercent",
            "peakMegabytes",
            "firstIterationSeconds");
    Usage one = new Usage(0, 0, 0);
    for (int threads : List.of(1, Runtime.getRuntime().availableProcessors())) {
      laboratory.progress("overheads: " + threads + " threads");
      Usage usage = watch(trainings, cfg, laboratory.newPm(), threads, samples);
      if (threads == 1) {
        one = usage;
      }
    }
    Path pm = laboratory.newPm();
    trainings.train(cfg, pm, "--iterations", 1);
    long mirror = trainings.mirrorBytes(pm);
    return new Findings.Builder()
        .table(samples.done())
        .table(
            Table.of("metadata", "what", "bytes")
                .add("each sealed record: place, nonce, tag", RECORD_BYTES)
                .add("a layer of five tensors up to 256 KiB each", TENSORS_A_LAYER * RECORD_BYTES)
                .add("the extent's entry, each tensor", 16)
                .add("one whole mirror of 12 convolutions, pages and header", mirror)
                .done())
        .figure(
            Figure.of(
                    "Processor while training",
                    "usage",
                    Figure.Kind.BARS,
                    "threads",
                    Figure.Axis.linear("threads"),
                    "cpuPercent",
                    Figure.Axis.linear("% of a core"))
                .by("process"))
        .claim(
            Claim.of(
                "Metadata of a sealed tensor up to 256 KiB", RECORD_BYTES, "bytes", "28 bytes"))
        .claim(
            Claim.of(
                "Metadata of a layer of five tensors",
                TENSORS_A_LAYER * RECORD_BYTES,
                "bytes",
                "140 bytes"))
        .claim(
            Claim.of(
                "Processor of the enclave's process while training on 1 thread",
                one.percent(),
                "% of a core",
                "98 to 100 % of one core"))
        .claim(Claim.of("Peak memory of the enclave's process", one.peakMegabytes(), "MB", ""))
        .claim(
            Claim.of(
                "From the command `train` to the end of the first iteration, a new pool, 1 thread",
                one.firstIterationSeconds(),
                "s",
                ""))
        .note(
            "The 16 bytes more than the paper's 28 name mirror, tensor and record, so that a record"
                + " that was exchanged or put back is told apart from a changed one. Larger tensors"
                + " are split: 44 bytes for each 256 KiB. An extent takes whole pages of 4 KiB.")
        .note(
            "Romulus in SCONE cannot be run here. The paper measures SGX-Romulus 1.6 to 6.9x faster"
                + " past 64 swaps a transaction.")
        .build();
  }

  /** What training took of the machine: percent of a core, and the processes' memory at most. */
  record Usage(double percent, double peakMegabytes, double firstIterationSeconds) {}

  /**
   * Of a process, when an iteration was told.
   *
   * @param cpu that it has had since it was started
   * @param nanos since the command was started
   * @param peakMegabytes that it had at most until then
   */
  record Sample(int iteration, Duration cpu, long nanos, double peakMegabytes) {}

  /** Percent of a core of the enclave's process while it iterates, and its peak; how it began. */
  private static Usage watch(Trainings trainings, Path cfg, Path pm, int threads, Table.Rows rows) {
    long[] pids = new long[1];
    List<Sample> samples = new ArrayList<>();
    Product.Running running =
        trainings.startTraining(
            cfg,
            pm,
            event -> {
              if (event.kind().equals("processes")) {
                pids[0] = event.fields().path("enclave").asLong();
              }
              if (event.kind().equals("iteration")) {
                cpuOf(pids[0])
                    .ifPresent(
                        cpu ->
                            samples.add(
                                new Sample(event.iteration(), cpu, event.nanos(), peak(pids[0]))));
              }
            },
            "--threads",
            threads);
    double first = running.end().expectDone().iterations().getFirst().seconds();
    Usage usage = usage(samples, first);
    List<Sample> warm = warm(samples);
    rows.add(
        threads,
        (warm.getLast().nanos() - warm.getFirst().nanos()) / 1e9,
        "enclave",
        usage.percent(),
        usage.peakMegabytes(),
        first);
    return usage;
  }

  /** From the first to the last sample past the first iterations; the peak is that of all. */
  static Usage usage(List<Sample> samples, double firstIterationSeconds) {
    List<Sample> warm = warm(samples);
    if (warm.size() < 2) {
      throw new Unavailable("the enclave's process could not be watched");
    }
    Sample from = warm.getFirst();
    Sample to = warm.getLast();
    return new Usage(
        100.0 * to.cpu().minus(from.cpu()).toNanos() / (to.nanos() - from.nanos()),
        samples.stream().mapToDouble(Sample::peakMegabytes).max().orElseThrow(),
        firstIterationSeconds);
  }

  private static List<Sample> warm(List<Sample> samples) {
    return samples.stream().filter(sample -> sample.iteration() >= WARM_ITERATION).toList();
  }

  private static Optional<Duration> cpuOf(long pid) {
    return ProcessHandle.of(pid).flatMap(process -> process.info().totalCpuDuration());
  }

  private static double peak(long pid) {
    try {
      return peakMegabytes(Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status")));
    } catch (IOException e) {
      return 0;
    }
  }

  /** VmHWM of Linux, which is told in KiB; 0 where there is none. */
  static double peakMegabytes(List<String> status) {
    return status.stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024 / 1e6)
        .findFirst()
        .orElse(0);
  }
}
