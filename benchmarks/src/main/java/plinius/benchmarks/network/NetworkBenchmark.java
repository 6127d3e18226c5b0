package plinius.benchmarks.network;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;

/**
 * Images a second, implementation by implementation in turns, so that what else the machine does
 * hits all alike.
 */
abstract class NetworkBenchmark implements Callable<Integer> {
  /** Until the compilers have done: as long as so many turns, before the first. */
  private static final int WARM_UP = 3;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final Task.Work work;

  @Parameters(paramLabel = "CFG", description = "The network.")
  private Path cfgPath;

  @Option(
      names = "--batch",
      split = ",",
      description = "Images of an iteration, each number in turn. Default: as CFG says.")
  private int[] batches = {};

  @Option(names = "--threads", split = ",", defaultValue = "1,2", description = "Each in turn.")
  private int[] threads;

  @Option(names = "--turns", defaultValue = "7", description = "Of each implementation.")
  private int turns;

  @Option(names = "--seconds", defaultValue = "1", description = "Least length of a turn.")
  private double seconds;

  @Option(names = "--darknet", paramLabel = "FILE", description = "The original's libdarknet.so.")
  private Path darknet;

  @Option(names = "--json", description = "A line of JSON for each result.")
  private boolean json;

  NetworkBenchmark(Task.Work work) {
    this.work = work;
  }

  @Override
  public Integer call() {
    String name = cfgPath.getFileName().toString().replaceFirst("\\.cfg$", "");
    if (turns < 1 || Arrays.stream(threads).anyMatch(t -> t < 1)) {
      throw new Refusal(ExitCode.USAGE, "at least one turn and one thread are needed");
    }
    for (CfgFile cfg : configurations()) {
      for (int count : threads) {
        Task task = new Task(cfg, work, count);
        List<Contender> contenders = contenders(task);
        measure(contenders, task.batch())
            .forEach((contender, rates) -> print(name, contender, task, rates));
        contenders.forEach(Contender::close);
      }
    }
    return ExitCode.DONE.code();
  }

  /** The network with each batch in turn. A prediction has no sub-batches. */
  private List<CfgFile> configurations() {
    String text = read();
    Map<String, String> whole = work == Task.Work.INFER ? Map.of("subdivisions", "1") : Map.of();
    List<CfgFile> all = new ArrayList<>();
    for (int batch : batches) {
      Map<String, String> overrides = new HashMap<>(whole);
      overrides.put("batch", Integer.toString(batch));
      all.add(Cfg.parse(text, cfgPath.toString(), overrides));
    }
    return all.isEmpty() ? List.of(Cfg.parse(text, cfgPath.toString(), whole)) : all;
  }

  private String read() {
    try {
      return Files.readString(cfgPath);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read the configuration " + cfgPath + ": " + e);
    }
  }

  private List<Contender> contenders(Task task) {
    List<Contender> contenders = new ArrayList<>();
    contenders.add(new PliniusContender(task));
    for (Contender.Maker maker :
        ServiceLoader.load(Contender.Maker.class, ClassLoader.getSystemClassLoader())) {
      contenders.addAll(maker.make(task));
    }
    if (darknet != null) {
      contenders.add(new DarknetContender(darknet.toAbsolutePath(), task));
    }
    return contenders;
  }

  /**
   * What one contender's turns gave, sorted: images a second, and images a second of processor
   * time. The latter says more on a machine that is shared, as long as a contender's threads do not
   * spin.
   */
  private static final class Rates {
    private final double[] wall;
    private final double[] processor;

    Rates(int turns) {
      wall = new double[turns];
      processor = new double[turns];
    }
  }

  private Map<Contender, Rates> measure(List<Contender> contenders, int batch) {
    Map<Contender, Rates> rates = new LinkedHashMap<>();
    for (Contender contender : contenders) {
      rates.put(contender, new Rates(turns));
      long end = System.nanoTime() + (long) (WARM_UP * 1e9 * seconds);
      do {
        contender.iterate();
      } while (System.nanoTime() < end);
    }
    for (int turn = 0; turn < turns; turn++) {
      for (Contender contender : contenders) {
        long began = System.nanoTime();
        long processorBegan = PROCESS.getProcessCpuTime();
        int iterations = 0;
        double took;
        do {
          contender.iterate();
          iterations++;
          took = (System.nanoTime() - began) / 1e9;
        } while (took < seconds);
        double images = iterations * (double) batch;
        rates.get(contender).wall[turn] = images / took;
        rates.get(contender).processor[turn] =
            images / ((PROCESS.getProcessCpuTime() - processorBegan) / 1e9);
      }
    }
    for (Rates each : rates.values()) {
      Arrays.sort(each.wall);
      Arrays.sort(each.processor);
    }
    return rates;
  }

  private void print(String net, Contender contender, Task task, Rates rates) {
    String format =
        json
            ? "{\"bench\":\"%s\",\"implementation\":\"%s\",\"variant\":\"%s\",\"net\":\"%s\","
                + "\"batch\":%d,\"threads\":%d,\"imagesPerSecond\":%.1f,\"least\":%.1f,"
                + "\"most\":%.1f,\"imagesPerProcessorSecond\":%.1f}%n"
            : "%-5s %-9s %-18s %-10s batch %d, threads %d: %7.1f images/s (%.1f to %.1f), %.1f per"
                + " second of processor time%n";
    System.out.printf(
        Locale.ROOT,
        format,
        work.name().toLowerCase(Locale.ROOT),
        contender.implementation(),
        contender.variant(),
        net,
        task.batch(),
        task.threads(),
        rates.wall[turns / 2],
        rates.wall[0],
        rates.wall[turns - 1],
        rates.processor[turns / 2]);
  }
}
