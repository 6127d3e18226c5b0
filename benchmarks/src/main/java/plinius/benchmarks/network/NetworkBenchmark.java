package plinius.benchmarks.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
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

  @Option(
      names = "--turns",
      defaultValue = "7",
      description = "Of each implementation: the median counts. One is enough to see that it runs.")
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
        List<Contender> contenders = new ArrayList<>();
        try {
          addContenders(contenders, task);
          List<Turns.Rates> rates = new Turns(turns, seconds).measure(contenders, task.batch());
          for (int i = 0; i < contenders.size(); i++) {
            print(name, contenders.get(i), task, rates.get(i));
          }
        } finally {
          contenders.forEach(Contender::close);
        }
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

  private void addContenders(List<Contender> contenders, Task task) {
    contenders.add(new PliniusContender(task));
    for (Contender.Maker maker :
        ServiceLoader.load(Contender.Maker.class, ClassLoader.getSystemClassLoader())) {
      contenders.addAll(maker.make(task));
    }
    if (darknet != null) {
      contenders.add(new DarknetContender(darknet.toAbsolutePath(), task));
    }
  }

  /** A line for each contender. Of one turn there is no spread to print. */
  private void print(String net, Contender contender, Task task, Turns.Rates rates) {
    boolean spread = rates.wall().spread();
    String format =
        json
            ? "{\"bench\":\"%s\",\"implementation\":\"%s\",\"variant\":\"%s\",\"net\":\"%s\","
                + "\"batch\":%d,\"threads\":%d,\"turns\":%d,\"imagesPerSecond\":%.1f,"
                + (spread ? "\"least\":%.1f,\"most\":%.1f," : "")
                + "\"imagesPerProcessorSecond\":%.1f}%n"
            : "%-5s %-9s %-18s %-10s batch %d, threads %d, turns %d: %7.1f images/s"
                + (spread ? " (%.1f to %.1f)" : "")
                + ", %.1f per second of processor time%n";
    List<Object> values = new ArrayList<>();
    values.add(work.name().toLowerCase(Locale.ROOT));
    values.add(contender.implementation());
    values.add(contender.variant());
    values.add(net);
    values.addAll(List.of(task.batch(), task.threads(), turns, rates.wall().median()));
    if (spread) {
      values.addAll(List.of(rates.wall().least(), rates.wall().most()));
    }
    values.add(rates.processor().median());
    System.out.printf(Locale.ROOT, format, values.toArray());
  }
}
