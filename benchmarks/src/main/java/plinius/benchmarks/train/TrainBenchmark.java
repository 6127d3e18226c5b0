package plinius.benchmarks.train;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;

/**
 * Images a second of whole iterations, implementation by implementation in turns, so that what else
 * the machine does hits all alike.
 */
@Command(
    name = "train",
    description =
        "Trains a network on noise, by Plinius and by those of libtorch (built with -Pbenchmarks)"
            + " and the original (--darknet) that are there: images a second, in turns.",
    mixinStandardHelpOptions = true)
public final class TrainBenchmark implements Callable<Integer> {
  /** Until the compilers have done: iterations before the first turn. */
  private static final int WARM_UP = 12;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  @Parameters(paramLabel = "CFG", description = "The network.")
  private Path cfgPath;

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

  @Override
  public Integer call() {
    String name = cfgPath.getFileName().toString().replaceFirst("\\.cfg$", "");
    CfgFile cfg = Cfg.parse(read(), cfgPath.toString(), Map.of());
    if (turns < 1 || Arrays.stream(threads).anyMatch(t -> t < 1)) {
      throw new Refusal(ExitCode.USAGE, "at least one turn and one thread are needed");
    }
    for (int count : threads) {
      List<Trainer> trainers = trainers(cfg, count);
      measure(trainers, cfg.net().integer("batch"))
          .forEach((trainer, rates) -> print(name, trainer, count, rates));
      trainers.forEach(Trainer::close);
    }
    return ExitCode.DONE.code();
  }

  private String read() {
    try {
      return Files.readString(cfgPath);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read the configuration " + cfgPath + ": " + e);
    }
  }

  private List<Trainer> trainers(CfgFile cfg, int count) {
    List<Trainer> trainers = new ArrayList<>();
    PliniusTrainer own = new PliniusTrainer(cfg, count);
    trainers.add(own);
    for (Trainer.Maker maker :
        ServiceLoader.load(Trainer.Maker.class, ClassLoader.getSystemClassLoader())) {
      trainers.addAll(maker.make(cfg, count));
    }
    if (darknet != null) {
      trainers.add(
          new DarknetTrainer(
              darknet.toAbsolutePath(), cfgPath.toAbsolutePath(), cfg, own.truths(), count));
    }
    return trainers;
  }

  /**
   * What one trainer's turns gave, sorted: images a second, and images a second of processor time.
   * The latter says more on a machine that is shared, as long as a trainer's threads do not spin.
   */
  private static final class Rates {
    private final double[] wall;
    private final double[] processor;

    Rates(int turns) {
      wall = new double[turns];
      processor = new double[turns];
    }
  }

  private Map<Trainer, Rates> measure(List<Trainer> trainers, int batch) {
    Map<Trainer, Rates> rates = new LinkedHashMap<>();
    for (Trainer trainer : trainers) {
      rates.put(trainer, new Rates(turns));
      long end = System.nanoTime() + (long) (3e9 * seconds);
      for (int i = 0; i < WARM_UP && System.nanoTime() < end; i++) {
        trainer.iterate();
      }
    }
    for (int turn = 0; turn < turns; turn++) {
      for (Trainer trainer : trainers) {
        long began = System.nanoTime();
        long processorBegan = PROCESS.getProcessCpuTime();
        int iterations = 0;
        double took;
        do {
          trainer.iterate();
          iterations++;
          took = (System.nanoTime() - began) / 1e9;
        } while (took < seconds);
        double images = iterations * (double) batch;
        rates.get(trainer).wall[turn] = images / took;
        rates.get(trainer).processor[turn] =
            images / ((PROCESS.getProcessCpuTime() - processorBegan) / 1e9);
      }
    }
    for (Rates each : rates.values()) {
      Arrays.sort(each.wall);
      Arrays.sort(each.processor);
    }
    return rates;
  }

  private void print(String net, Trainer trainer, int count, Rates rates) {
    String format =
        json
            ? "{\"bench\":\"train\",\"implementation\":\"%s\",\"variant\":\"%s\",\"net\":\"%s\","
                + "\"threads\":%d,\"imagesPerSecond\":%.1f,\"least\":%.1f,\"most\":%.1f,"
                + "\"imagesPerProcessorSecond\":%.1f}%n"
            : "%-9s %-18s %-10s threads %d: %7.1f images/s (%.1f to %.1f), %.1f per second of"
                + " processor time%n";
    System.out.printf(
        Locale.ROOT,
        format,
        trainer.implementation(),
        trainer.variant(),
        net,
        count,
        rates.wall[turns / 2],
        rates.wall[0],
        rates.wall[turns - 1],
        rates.processor[turns / 2]);
  }
}
