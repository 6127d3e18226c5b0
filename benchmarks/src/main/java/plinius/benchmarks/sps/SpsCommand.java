package plinius.benchmarks.sps;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.JsonLines;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;

/**
 * SPS of both protocols beside PMDK's libpmemobj: warm processes, measured in turns, medians of
 * several rounds, every array checked afterwards.
 */
@Command(name = "sps", description = "Swaps a second of both protocols, beside PMDK's libpmemobj.")
public final class SpsCommand implements Callable<Integer> {
  private static final String LIBPMEMOBJ = "libpmemobj";
  private static final String INSIDE = ", inside";
  private static final int LARGE_SWAPS = 64;

  /** Milliseconds of one of the runs that warm up; shorter where measurements are very short. */
  private static final long MOST_WARM_UP = 250;

  @Option(names = "--swaps", split = ",", paramLabel = "N", description = "Swaps a transaction.")
  private List<Integer> swaps = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048);

  @Option(names = "--threads", split = ",", paramLabel = "N", description = "Threads.")
  private List<Integer> threads = List.of(1, 2);

  @Option(
      names = "--write-back",
      split = ",",
      paramLabel = "HOW",
      description = "clwb, clflushopt, clflush.")
  private List<WriteBack> writeBacks =
      List.of(WriteBack.CLWB, WriteBack.CLFLUSHOPT, WriteBack.CLFLUSH);

  @Option(names = "--rounds", description = "Rounds; the median counts (default 5).")
  private int rounds = 5;

  @Option(names = "--milliseconds", description = "Duration of one measurement (default 300).")
  private long milliseconds = 300;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "Where the pools lie: persistent memory or tmpfs (default /dev/shm).")
  private Path folder = Path.of("/dev/shm");

  @Option(
      names = "--inside",
      description = "Measures the first instruction in the enclave's image too.")
  private boolean inside;

  @Option(names = "--json", description = "Prints a line of JSON for each point.")
  private boolean json;

  /** Implementation and instruction. */
  private record Series(String implementation, WriteBack writeBack) {}

  private record Point(Series series, int threads, int swaps) {}

  @Override
  public Integer call() {
    check();
    Map<Point, Double> results = new LinkedHashMap<>();
    try {
      Path work = Files.createTempDirectory(folder, "plinius-sps-");
      List<Contender> contenders = new ArrayList<>();
      try {
        start(contenders, work);
        for (int count : threads) {
          for (int size : swaps) {
            measure(contenders, count, size, results);
          }
        }
        contenders.forEach(Contender::finish);
      } finally {
        contenders.forEach(Contender::close);
        remove(work);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    if (!json) {
      print(results);
    }
    return ExitCode.DONE.code();
  }

  private void check() {
    boolean positive =
        rounds > 0
            && milliseconds > 0
            && swaps.stream().allMatch(n -> n > 0)
            && threads.stream().allMatch(n -> n > 0);
    if (!positive) {
      throw new Refusal(
          ExitCode.USAGE, "--swaps, --threads, --rounds and --milliseconds begin at 1");
    }
    for (WriteBack writeBack : writeBacks) {
      switch (writeBack) {
        case CLWB, CLFLUSHOPT, CLFLUSH -> {}
        case AUTO, UNSAFE, MSYNC ->
            throw new Refusal(
                ExitCode.USAGE,
                "--write-back "
                    + writeBack.option()
                    + ": the libraries are compared with one instruction: clwb, clflushopt or"
                    + " clflush");
      }
    }
    if (!Files.isDirectory(folder)) {
      throw new Refusal(ExitCode.USAGE, "--folder " + folder + " is not a directory");
    }
  }

  private void start(List<Contender> contenders, Path work) {
    Optional<Path> driver = LibPmemObj.build(work);
    for (WriteBack writeBack : writeBacks) {
      for (Protocol protocol : Protocol.values()) {
        start(contenders, work, protocol, writeBack, "", outside());
        if (inside && writeBack == writeBacks.getFirst()) {
          start(contenders, work, protocol, writeBack, INSIDE, inside());
        }
      }
      driver.ifPresent(
          program ->
              contenders.add(
                  LibPmemObj.start(
                      program, writeBack, work.resolve(LIBPMEMOBJ + writeBack.option()))));
    }
  }

  private void start(
      List<Contender> contenders,
      Path work,
      Protocol protocol,
      WriteBack writeBack,
      String where,
      List<String> machine) {
    String name = protocol.option() + where;
    List<String> command = new ArrayList<>(machine);
    command.addAll(
        List.of(
            protocol.name(),
            writeBack.name(),
            work.resolve(name + "-" + writeBack.option()).toString(),
            Long.toString(Math.min(MOST_WARM_UP, 5 * milliseconds))));
    contenders.add(new Contender(name, writeBack, command, Map.of()));
  }

  private static List<String> outside() {
    return List.of(
        Installation.current().java().toString(),
        "-XX:+UseSerialGC",
        "--enable-native-access=plinius.pmem",
        "-p",
        System.getProperty("jdk.module.path"),
        "-m",
        "plinius.benchmarks/" + SpsWorker.class.getName());
  }

  /** The image brings the library and its options along; only the worker comes from here. */
  private static List<String> inside() {
    try {
      Path classes =
          Path.of(SpsWorker.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return List.of(
          Installation.current().existingImage().resolve("bin/java").toString(),
          "-cp",
          classes.toString(),
          SpsWorker.class.getName());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a jar lies at a path", e);
    }
  }

  private void measure(
      List<Contender> contenders, int count, int size, Map<Point, Double> results) {
    double[][] measured = new double[contenders.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < contenders.size(); i++) {
        measured[i][round] = contenders.get(i).measure(count, size, milliseconds);
      }
    }
    for (int i = 0; i < contenders.size(); i++) {
      Contender contender = contenders.get(i);
      Arrays.sort(measured[i]);
      double median = measured[i][rounds / 2];
      Series series = new Series(contender.implementation(), contender.writeBack());
      results.put(new Point(series, count, size), median);
      if (json) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "sps");
        line.put("implementation", contender.implementation());
        line.put("writeback", contender.writeBack().option());
        line.put("threads", count);
        line.put("swapsPerTransaction", size);
        line.put("swapsPerSecond", Math.round(median));
        JsonLines.write(line);
      }
    }
  }

  private void print(Map<Point, Double> results) {
    List<Series> series = results.keySet().stream().map(Point::series).distinct().toList();
    for (int count : threads) {
      Terminal.out().printf("%nMillion swaps a second, threads: %d%n%-8s", count, "swaps");
      series.forEach(
          s -> Terminal.out().printf("%24s", s.implementation() + " " + s.writeBack().option()));
      Terminal.out().println();
      for (int size : swaps) {
        Terminal.out().printf("%-8d", size);
        for (Series s : series) {
          Terminal.out().printf("%24.2f", results.get(new Point(s, count, size)) / 1e6);
        }
        Terminal.out().println();
      }
    }
    for (Protocol protocol : Protocol.values()) {
      printRatios(results, protocol);
    }
  }

  /** With CLWB and one thread, as the bars are stated. */
  private void printRatios(Map<Point, Double> results, Protocol protocol) {
    Series ours = new Series(protocol.option(), WriteBack.CLWB);
    Series theirs = new Series(LIBPMEMOBJ, WriteBack.CLWB);
    if (!threads.contains(1) || !results.containsKey(new Point(theirs, 1, swaps.getFirst()))) {
      return;
    }
    Terminal.out().printf("%n%s to %s, clwb, 1 thread:", protocol.option(), LIBPMEMOBJ);
    for (int size : swaps) {
      double ratio =
          results.get(new Point(ours, 1, size)) / results.get(new Point(theirs, 1, size));
      double bar = protocol == Protocol.PING_PONG ? 3 : 1.9;
      boolean hasBar = size == 1 || size >= LARGE_SWAPS;
      Terminal.out()
          .printf(
              "  %d: %.1f%s",
              size, ratio, hasBar ? " (bar %s)".formatted(size == 1 ? bar : 9.0) : "");
    }
    Terminal.out().println();
  }

  private static void remove(Path work) throws IOException {
    try (Stream<Path> files = Files.list(work)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.delete(work);
  }
}
