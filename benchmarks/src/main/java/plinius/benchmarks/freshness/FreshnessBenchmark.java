package plinius.benchmarks.freshness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.attestation.kbs.FreshnessMode;
import plinius.boundary.HostMessage.Mode;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.JsonLines;
import plinius.cli.Owner;
import plinius.cli.Refusal;
import plinius.cli.RunRequest;
import plinius.cli.Terminal;
import plinius.cli.demo.DrawnDigits;
import plinius.ingest.IdxSource;
import plinius.owner.OwnerKey;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;

/**
 * Training under each freshness mode with real processes and the broker on loopback, in turns; then
 * what a broker can take. Ratios are to the offline run of the same round.
 */
@Command(
    name = "freshness",
    description = "What telling the broker costs, and how much it can take.")
public final class FreshnessBenchmark implements Callable<Integer> {
  private static final int IMAGES = 3000;
  private static final String KEY = "owner.key";
  private static final String DATA = "digits.sealed";

  /** Iterations of a stretch: in the window's mode the broker is told once in each. */
  private static final int STRETCH = 24;

  private static final List<FreshnessMode> MODES =
      List.of(FreshnessMode.OFFLINE, FreshnessMode.DEFAULT, FreshnessMode.STRICT);

  @Parameters(
      paramLabel = "CFG",
      defaultValue = "examples/mnist/mnist-12.cfg",
      description = "The network, of 28 x 28 images (default: ${DEFAULT-VALUE}).")
  private Path cfg;

  @Option(names = "--rounds", description = "Runs of each mode, in turns (default 3).")
  private int rounds = 3;

  @Option(names = "--iterations", description = "Iterations of a run (default 96).")
  private int iterations = 96;

  @Option(names = "--skip", description = "The first ones do not count (default 32).")
  private int skip = 32;

  @Option(names = "--seconds", description = "For each figure of the broker (default 3).")
  private int seconds = 3;

  @Option(names = "--json", description = "Prints a line of JSON for each figure.")
  private boolean json;

  @Override
  public Integer call() {
    if (rounds < 1 || seconds < 1 || skip < 1 || iterations <= skip) {
      throw new Refusal(
          ExitCode.USAGE,
          "--rounds, --seconds and --skip begin at 1, --iterations has to be above --skip");
    }
    try {
      Path work = Files.createTempDirectory(folder(), "plinius-freshness-");
      try {
        train(work);
        broker(work);
      } finally {
        remove(work);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    return ExitCode.DONE.code();
  }

  private static Path folder() {
    Path memory = Path.of("/dev/shm");
    return Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
  }

  /**
   * Makes a key and sealed digits in a folder. Through the libraries and not through the verbs:
   * those tell people about it, on the standard output that belongs to the figures.
   */
  static void prepare(Path work) throws IOException {
    Path images = work.resolve("images");
    Path labels = work.resolve("labels");
    new DrawnDigits(11).write(images, labels, IMAGES);
    try (OwnerKey key = OwnerKey.generate();
        SampleSource digits = IdxSource.open(images, labels)) {
      key.save(work.resolve(KEY), Optional.empty());
      SealedDataSetWriter.write(work.resolve(DATA), key, digits, done -> {});
    }
  }

  private void train(Path work) throws IOException {
    prepare(work);
    Path key = work.resolve(KEY);
    Path data = work.resolve(DATA);
    double[][] speeds = new double[MODES.size()][rounds];
    double[][] ratios = new double[MODES.size()][rounds];
    double[][] stretches = new double[MODES.size()][0];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < MODES.size(); i++) {
        // Each round begins with another mode, so that none always comes first.
        int mode = (i + round) % MODES.size();
        Path pm = work.resolve("pm-" + round + "-" + mode);
        IterationTimes times = times(key, data, pm, MODES.get(mode));
        speeds[mode][round] = times.perSecond();
        stretches[mode] = joined(stretches[mode], times.perSecond(STRETCH));
        remove(pm);
      }
      for (int i = 0; i < MODES.size(); i++) {
        ratios[i][round] = speeds[i][round] / speeds[0][round];
      }
    }
    for (int i = 0; i < MODES.size(); i++) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("bench", "freshness");
      line.put("mode", MODES.get(i).wireName());
      line.put("iterationsPerSecond", rounded(undisturbed(stretches[i])));
      line.put("toOffline", rounded(undisturbed(stretches[i]) / undisturbed(stretches[0])));
      line.put("toOfflineLeast", rounded(Arrays.stream(ratios[i]).min().orElseThrow()));
      line.put("toOfflineMost", rounded(Arrays.stream(ratios[i]).max().orElseThrow()));
      line.put("rounds", rounds);
      say(line);
    }
  }

  private IterationTimes times(Path key, Path data, Path pm, FreshnessMode mode) {
    RunRequest request =
        new RunRequest(
            Mode.TRAIN,
            cfg,
            Map.of(),
            data,
            pm,
            Runtime.getRuntime().availableProcessors(),
            false,
            true,
            Optional.empty(),
            Optional.empty(),
            new RunRequest.Training(
                Optional.empty(),
                Optional.empty(),
                0,
                1,
                iterations,
                OptionalLong.empty(),
                0,
                RunRequest.Training.NONE.writeBack(),
                RunRequest.Training.NONE.protocol(),
                Optional.of(mode),
                false,
                false),
            RunRequest.Question.NONE);
    IterationTimes times = new IterationTimes(skip, iterations);
    try (Owner owner = Owner.start(Installation.current(), key, Optional.empty(), 0)) {
      require(times.of(Installation.current(), owner.prepare(request)));
    }
    return times;
  }

  private void broker(Path work) {
    try (BrokerLoad load = BrokerLoad.start(work)) {
      for (BrokerLoad.Kind kind : BrokerLoad.Kind.values()) {
        load.perSecond(kind, 1); // Warms both sides up.
        double speed = load.perSecond(kind, seconds);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "broker");
        line.put("operation", kind.option());
        line.put("perSecond", rounded(speed));
        say(line);
      }
    }
  }

  private void say(Map<String, Object> line) {
    if (json) {
      JsonLines.write(line);
      return;
    }
    StringBuilder text = new StringBuilder();
    line.forEach((name, value) -> text.append("  ").append(name).append(' ').append(value));
    Terminal.out().println(text.substring(2));
  }

  private static double[] joined(double[] some, double[] more) {
    return DoubleStream.concat(Arrays.stream(some), Arrays.stream(more)).toArray();
  }

  /** The upper quartile: what else a machine does makes stretches slower and never faster. */
  private static double undisturbed(double[] perSecond) {
    double[] sorted = perSecond.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length * 3 / 4];
  }

  private static double rounded(double value) {
    return Math.round(value * 10000) / 10000.0;
  }

  private static void require(int code) {
    if (code != 0) {
      throw new Refusal(ExitCode.INTERNAL, "a run of the measurement ended with code " + code);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
