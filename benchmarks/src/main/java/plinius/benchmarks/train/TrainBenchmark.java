package plinius.benchmarks.train;

import java.io.IOException;
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
            + " and the original (--darknet) that are there: images a second, in turns.")
public final class TrainBenchmark implements Callable<Integer> {
  /** Until the compilers have done: iterations before the first turn. */
  private static final int WARM_UP = 12;

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

  /** Images a second of each trainer's turns, sorted. */
  private Map<Trainer, double[]> measure(List<Trainer> trainers, int batch) {
    Map<Trainer, double[]> rates = new LinkedHashMap<>();
    for (Trainer trainer : trainers) {
      rates.put(trainer, new double[turns]);
      long end = System.nanoTime() + (long) (3e9 * seconds);
      for (int i = 0; i < WARM_UP && System.nanoTime() < end; i++) {
        trainer.iterate();
      }
    }
    for (int turn = 0; turn < turns; turn++) {
      for (Trainer trainer : trainers) {
        long began = System.nanoTime();
        int iterations = 0;
        double took;
        do {
          trainer.iterate();
          iterations++;
          took = (System.nanoTime() - began) / 1e9;
        } while (took < seconds);
        rates.get(trainer)[turn] = iterations * (double) batch / took;
      }
    }
    rates.values().forEach(Arrays::sort);
    return rates;
  }

  private void print(String net, Trainer trainer, int count, double[] rates) {
    double median = rates[turns / 2];
    String format =
        json
            ? "{\"bench\":\"train\",\"implementation\":\"%s\",\"variant\":\"%s\",\"net\":\"%s\","
                + "\"threads\":%d,\"imagesPerSecond\":%.1f,\"least\":%.1f,\"most\":%.1f}%n"
            : "%-9s %-18s %-10s threads %d: %7.1f images/s (%.1f to %.1f)%n";
    System.out.printf(
        Locale.ROOT,
        format,
        trainer.implementation(),
        trainer.variant(),
        net,
        count,
        median,
        rates[0],
        rates[turns - 1]);
  }
}
