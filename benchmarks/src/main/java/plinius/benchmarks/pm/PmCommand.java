package plinius.benchmarks.pm;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.cli.ExitCode;
import plinius.cli.JsonLines;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.romulus.Protocol;

/**
 * What the media do, as the paper characterises its own with fio: loads and durable stores, in a
 * row and anywhere, by block size, of the pool's folder, of tmpfs and of an ordinary file; then how
 * long pools of growing sizes take to recover.
 */
@Command(
    name = "pm",
    description = "Bandwidth and latency of the media, and recovery time by pool size.")
public final class PmCommand implements Callable<Integer> {
  private static final int[] BLOCK_BYTES = {
    64, 256, 1024, 4096, 16 << 10, 64 << 10, 256 << 10, 1 << 20
  };
  private static final int MEGABYTE = 1_000_000;

  @Option(
      names = "--pm",
      paramLabel = "DIR",
      description = "Where pools lie: persistent memory or tmpfs (default /dev/shm).")
  private Path folder = Path.of("/dev/shm");

  @Option(
      names = "--file",
      paramLabel = "DIR",
      description = "A folder on a disk, for the ordinary file (default: the working directory).")
  private Path disk = Path.of("");

  @Option(names = "--megabytes", description = "Size of what is measured in (default 64).")
  private int megabytes = 64;

  @Option(names = "--milliseconds", description = "Duration of one measurement (default 200).")
  private long milliseconds = 200;

  @Option(
      names = "--pools",
      split = ",",
      paramLabel = "MB",
      description = "Sizes of the pools that recover (default 10,30,100,300,1000).")
  private List<Integer> pools = List.of(10, 30, 100, 300, 1000);

  @Option(names = "--plot", paramLabel = "FILE", description = "Writes an SVG file.")
  private Path plot;

  @Option(names = "--json", description = "Prints a line of JSON for each point.")
  private boolean json;

  @Override
  public Integer call() {
    check();
    Map<String, List<MediumBench.Point>> points = new LinkedHashMap<>();
    Map<String, Path> places = new LinkedHashMap<>();
    places.put("pool (" + folder + ")", folder);
    if (!folder.equals(Path.of("/dev/shm")) && Files.isWritable(Path.of("/dev/shm"))) {
      places.put("tmpfs", Path.of("/dev/shm"));
    }
    places.put("ordinary file", disk);
    for (Map.Entry<String, Path> place : places.entrySet()) {
      Path file = make(place.getValue(), (long) megabytes << 20);
      try {
        List<MediumBench.Point> measured =
            MediumBench.measure(file, BLOCK_BYTES, milliseconds * 1_000_000);
        points.put(place.getKey(), measured);
        measured.forEach(point -> report(place.getKey(), point));
      } finally {
        remove(file);
      }
    }
    Map<Protocol, List<RecoveryBench.Result>> recoveries = new LinkedHashMap<>();
    for (Protocol protocol : Protocol.values()) {
      recoveries.put(protocol, new ArrayList<>());
      for (int size : pools) {
        RecoveryBench.Result result = recover(protocol, size);
        recoveries.get(protocol).add(result);
        report(protocol, result);
      }
    }
    if (plot != null) {
      write(Chart.svg(panels(points, recoveries)));
    }
    return ExitCode.DONE.code();
  }

  private void check() {
    if (megabytes < 2 || megabytes > 1024 || milliseconds < 1) {
      throw new Refusal(ExitCode.USAGE, "--megabytes is 2 to 1024, --milliseconds begins at 1");
    }
    if (!pools.stream().allMatch(size -> size >= 2 && size <= 2000)) {
      throw new Refusal(ExitCode.USAGE, "--pools are 2 to 2000 megabytes each");
    }
    for (Path each : List.of(folder, disk.toAbsolutePath())) {
      if (!Files.isDirectory(each)) {
        throw new Refusal(ExitCode.USAGE, each + " is not a directory");
      }
    }
  }

  private RecoveryBench.Result recover(Protocol protocol, int size) {
    Path file = make(folder, (long) size * MEGABYTE);
    try {
      return RecoveryBench.measure(file, protocol);
    } finally {
      remove(file);
    }
  }

  /** Written and not only made longer: a store into a hole of a full disk would kill us. */
  private static Path make(Path where, long bytes) {
    try {
      Path file = Files.createTempFile(where.toAbsolutePath(), "plinius-bench-", ".pm");
      byte[] zeros = new byte[1 << 20];
      try (OutputStream out = Files.newOutputStream(file)) {
        for (long at = 0; at < bytes; at += zeros.length) {
          out.write(zeros, 0, (int) Math.min(zeros.length, bytes - at));
        }
      } catch (IOException full) {
        remove(file);
        throw full;
      }
      return file;
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.MEDIUM, "cannot make a file of " + bytes + " bytes in " + where + ": " + e);
    }
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void report(String place, MediumBench.Point point) {
    String operation = point.write() ? "write" : "read";
    String pattern = point.random() ? "random" : "sequential";
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("bench", "pm");
      line.put("place", place);
      line.put("medium", point.medium().toLowerCase(Locale.ROOT));
      line.put("writeback", point.writeBack());
      line.put("operation", operation);
      line.put("pattern", pattern);
      line.put("blockBytes", point.blockBytes());
      line.put("bytesPerSecond", Math.round(point.bytesPerSecond()));
      line.put("nanosPerBlock", Math.round(point.nanosPerBlock()));
      JsonLines.write(line);
    } else {
      if (point.blockBytes() == BLOCK_BYTES[0]) {
        Terminal.out()
            .printf(
                "%n%s, %s, %s, %s%n%12s%14s%16s%n",
                place, point.writeBack(), pattern, operation, "block", "MB/s", "us a block");
      }
      Terminal.out()
          .printf(
              Locale.ROOT,
              "%12d%14.2f%16.2f%n",
              point.blockBytes(),
              point.bytesPerSecond() / 1e6,
              point.nanosPerBlock() / 1e3);
    }
  }

  private void report(Protocol protocol, RecoveryBench.Result result) {
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("bench", "pm-recovery");
      line.put("implementation", protocol.option());
      line.put("poolBytes", result.poolBytes());
      line.put("payloadBytes", result.payloadBytes());
      line.put("openMillis", result.openMillis());
      line.put("recoveryMillis", result.recoveryMillis());
      line.put("recoveredBytes", result.recoveredBytes());
      JsonLines.write(line);
      return;
    }
    if (result.poolBytes() == (long) pools.getFirst() * MEGABYTE) {
      Terminal.out()
          .printf(
              "%nRecovery of full twins, %s%n%12s%16s%12s%12s%14s%n",
              protocol.option(), "pool MB", "payload MB", "overhead", "open ms", "recovery ms");
    }
    Terminal.out()
        .printf(
            Locale.ROOT,
            "%12.0f%16.1f%12.2f%12.2f%14.2f%n",
            result.poolBytes() / 1e6,
            result.payloadBytes() / 1e6,
            result.overhead(),
            result.openMillis(),
            result.recoveryMillis());
  }

  private static List<Chart.Panel> panels(
      Map<String, List<MediumBench.Point>> points,
      Map<Protocol, List<RecoveryBench.Result>> recoveries) {
    List<Chart.Panel> panels = new ArrayList<>();
    for (boolean write : new boolean[] {false, true}) {
      for (boolean random : new boolean[] {false, true}) {
        String title = (random ? "Random " : "Sequential ") + (write ? "durable writes" : "reads");
        panels.add(
            new Chart.Panel(title, "bytes a block", "GB/s", lines(points, write, random, true)));
        panels.add(
            new Chart.Panel(
                title, "bytes a block", "us a block", lines(points, write, random, false)));
      }
    }
    Map<String, List<Chart.Point>> recovery = new LinkedHashMap<>();
    Map<String, List<Chart.Point>> opening = new LinkedHashMap<>();
    recoveries.forEach(
        (protocol, results) -> {
          recovery.put(
              protocol.option(),
              results.stream()
                  .map(r -> new Chart.Point(r.poolBytes() / 1e6, r.recoveryMillis()))
                  .toList());
          opening.put(
              protocol.option(),
              results.stream()
                  .map(r -> new Chart.Point(r.poolBytes() / 1e6, r.openMillis()))
                  .toList());
        });
    panels.add(new Chart.Panel("Recovery by the first update", "MB of the pool", "ms", recovery));
    panels.add(new Chart.Panel("Opening: everything checked", "MB of the pool", "ms", opening));
    return panels;
  }

  private static Map<String, List<Chart.Point>> lines(
      Map<String, List<MediumBench.Point>> points, boolean write, boolean random, boolean rate) {
    Map<String, List<Chart.Point>> lines = new LinkedHashMap<>();
    points.forEach(
        (place, measured) ->
            lines.put(
                place,
                measured.stream()
                    .filter(p -> p.write() == write && p.random() == random)
                    .map(
                        p ->
                            new Chart.Point(
                                p.blockBytes(),
                                rate ? p.bytesPerSecond() / 1e9 : p.nanosPerBlock() / 1e3))
                    .toList()));
    return lines;
  }

  private void write(String svg) {
    try {
      Files.writeString(plot, svg);
      Terminal.notice("the plot is in " + plot);
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot write " + plot + ": " + e);
    }
  }
}
