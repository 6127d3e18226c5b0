package plinius.benchmarks.kernels;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.cli.ExitCode;
import plinius.cli.JsonLines;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * Each kernel's share of what bounds it. Kernels and bounds are measured in turns, round after
 * round in one process, so that what else the machine does hits all alike; with one thread in
 * processor time, so that it counts little.
 */
@Command(
    name = "kernels",
    description = {
      "Each kernel's share of the processor's multiply-adds, or of a copy's bandwidth, measured in",
      "the same run."
    })
public final class KernelsBenchmark implements Callable<Integer> {
  /** Rounds in which the compilers work. */
  private static final int WARM_UP = 3;

  @Option(
      names = "--threads",
      defaultValue = "1",
      description = "Threads that compute (default 1: measured in processor time).")
  private int threads;

  @Option(
      names = "--batch",
      defaultValue = "128",
      description = "Images of a convolution; fewer of large ones (default 128).")
  private int batch;

  @Option(names = "--rounds", defaultValue = "12", description = "Of all kernels (default 12).")
  private int rounds;

  @Option(
      names = "--megabytes",
      defaultValue = "32",
      description = "Size of each array that is to lie in no cache (default 32).")
  private int megabytes;

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Only kernels whose line contains TEXT, such as convForward or winograd.")
  private String only;

  @Option(names = "--json", description = "A line of JSON for each kernel.")
  private boolean json;

  @Override
  public Integer call() {
    if (threads < 1 || rounds < 1 || batch < 1 || batch > 4096) {
      throw new Refusal(
          ExitCode.USAGE, "--threads and --rounds begin at 1, --batch is 1 to 4096 images");
    }
    if (megabytes < 1 || megabytes > 1024) {
      throw new Refusal(ExitCode.USAGE, "--megabytes is 1 to 1024");
    }
    Kernels kernels = Kernels.best();
    List<Work> works = works(kernels);
    LongSupplier clock =
        threads == 1
            ? ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime
            : System::nanoTime;
    try (Workers workers = new Workers(threads)) {
      report(kernels, measure(works, workers, clock));
    }
    return ExitCode.DONE.code();
  }

  private List<Work> works(Kernels kernels) {
    int values = (megabytes << 20) / Float.BYTES;
    Room room = new Room();
    KernelWorks.of(kernels, room, batch, values, only); // finds how long the arrays have to be
    List<Work> works = new ArrayList<>();
    works.add(Limits.multiplyAdds());
    works.add(Limits.copy(room, values));
    List<Work> asked = KernelWorks.of(kernels, room, batch, values, only);
    if (asked.isEmpty()) {
      throw new Refusal(ExitCode.USAGE, "no kernel's line contains " + only);
    }
    works.addAll(asked);
    return works;
  }

  /** Amounts a nanosecond in each round, sorted: billions a second. */
  private Map<Work, double[]> measure(List<Work> works, Workers workers, LongSupplier clock) {
    Map<Work, double[]> rates = new LinkedHashMap<>();
    for (int round = -WARM_UP; round < rounds; round++) {
      for (Work work : works) {
        long began = clock.getAsLong();
        work.first().run();
        workers.run(work.shards(), work.shard());
        long took = Math.max(1, clock.getAsLong() - began);
        if (round >= 0) {
          rates.computeIfAbsent(work, _ -> new double[rounds])[round] = work.amount() / took;
        }
      }
    }
    rates.values().forEach(Arrays::sort);
    return rates;
  }

  private void report(Kernels kernels, Map<Work, double[]> rates) {
    Map<Work.Bound, double[]> limits = new EnumMap<>(Work.Bound.class);
    rates.forEach((work, each) -> limits.putIfAbsent(work.bound(), each)); // they come first
    if (!json) {
      Terminal.out()
          .printf(
              Locale.ROOT,
              "%s, threads %d, best of %d rounds (median): share of the first of the same unit%n",
              kernels.name(),
              threads,
              rounds);
    }
    rates.forEach((work, each) -> report(kernels, work, each, limits.get(work.bound())));
  }

  private void report(Kernels kernels, Work work, double[] rates, double[] limit) {
    double best = rates[rounds - 1];
    double median = rates[rounds / 2];
    double share = best / limit[rounds - 1];
    double medianShare = median / limit[rounds / 2];
    if (!json) {
      Terminal.out()
          .printf(
              Locale.ROOT,
              "%-19s  %-55s  %6.1f %s  %4.0f %% (%.0f)%n",
              work.kernel(),
              work.what(),
              best,
              work.bound().unit,
              100 * share,
              100 * medianShare);
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("bench", "kernels");
    line.put("kernel", work.kernel());
    line.put("what", work.what());
    line.put("kernels", kernels.name());
    line.put("threads", threads);
    line.put("bound", work.bound().name().toLowerCase(Locale.ROOT));
    line.put(work.bound().key, best);
    line.put("share", share);
    line.put("medianShare", medianShare);
    JsonLines.write(line);
  }
}
