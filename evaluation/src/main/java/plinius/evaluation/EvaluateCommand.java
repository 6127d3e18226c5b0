package plinius.evaluation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.evaluation.experiments.Experiments;
import plinius.evaluation.process.Product;

/** Runs the experiments. */
@Command(
    name = "evaluate",
    description = {
      "Runs the paper's experiments and further ones with real processes, and writes raw data,",
      "summary.json and report.html. What has ended in the output folder before is kept."
    })
final class EvaluateCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "EXPERIMENT",
      description = "Which ones (default: all); --list names them.")
  private List<String> names = new ArrayList<>();

  @ArgGroup private EffortOption effort = new EffortOption();

  /** How much. */
  private static final class EffortOption {
    @Option(names = "--quick", description = "All of it in under 10 minutes on 2 cores (default).")
    @SuppressWarnings("UnusedVariable") // it may be said, and it excludes --full
    private boolean quick;

    @Option(names = "--full", description = "As the paper does it, or more: about 40 minutes.")
    private boolean full;
  }

  @Option(
      names = "--list",
      description = "Name the experiments, say about how long each takes on 2 slow cores, and end.")
  private boolean list;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where results go (default: target/evaluation/quick or .../full).")
  private Path out;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A folder with MNIST's four files (default: digits drawn by the program).")
  private Path data;

  @Option(
      names = "--traces",
      paramLabel = "DIR",
      description = "A folder with spot traces (default: a synthetic one).")
  private Path traces;

  @Option(
      names = "--darknet",
      paramLabel = "FILE",
      description = "The original's libdarknet.so, to be trained beside (only --full).")
  private Path darknet;

  @Option(
      names = "--pm",
      paramLabel = "DIR",
      description = "A folder on persistent memory (default: /dev/shm, which emulates it).")
  private Path pm = Path.of("/dev/shm");

  @Option(
      names = "--disk",
      paramLabel = "DIR",
      description = "A folder on the disk to compare with (default: the output folder's).")
  private Path disk;

  @Override
  public Integer call() {
    List<Experiment> all = Experiments.all();
    if (list) {
      all.forEach(
          one ->
              Terminal.out()
                  .printf(
                      "%-12s %s (%d s, in full %d s)%n",
                      one.name(),
                      one.title(),
                      one.estimate(Laboratory.Effort.QUICK).toSeconds(),
                      one.estimate(Laboratory.Effort.FULL).toSeconds()));
      return ExitCode.DONE.code();
    }
    Laboratory.Effort chosen = effort.full ? Laboratory.Effort.FULL : Laboratory.Effort.QUICK;
    Installation installation = Installation.current();
    Path results =
        out != null
            ? out
            : installation
                .root()
                .resolve("target/evaluation")
                .resolve(chosen.name().toLowerCase(Locale.ROOT));
    List<Experiment> wanted = choose(all, names);
    Path slow = disk == null ? folder(results) : existing("--disk", disk);
    existing("--pm", pm);
    try (Laboratory laboratory =
        new Laboratory(
            chosen,
            pm,
            slow,
            platform -> new Product(installation, platform),
            new Laboratory.Inputs(
                Optional.ofNullable(data).map(folder -> existing("--data", folder)),
                Optional.ofNullable(traces).map(folder -> existing("--traces", folder)),
                Optional.ofNullable(darknet).map(EvaluateCommand::readable)),
            Terminal::notice)) {
      Path fast = laboratory.pm();
      new Evaluation(
              results,
              chosen,
              () -> Machine.observe(installation.root(), fast, slow, Clock.systemUTC()),
              Terminal::notice)
          .run(wanted, Experiments.all(), laboratory);
    }
    Terminal.out().println(results.resolve("report.html"));
    return ExitCode.DONE.code();
  }

  /** The experiments of these names, in their own order; all without names. */
  static List<Experiment> choose(List<Experiment> all, List<String> names) {
    for (String name : names) {
      if (all.stream().noneMatch(one -> one.name().equals(name))) {
        throw new Refusal(
            ExitCode.USAGE,
            "there is no experiment "
                + name
                + "; known are "
                + String.join(", ", all.stream().map(Experiment::name).toList()));
      }
    }
    return all.stream().filter(one -> names.isEmpty() || names.contains(one.name())).toList();
  }

  private static Path existing(String option, Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new Refusal(ExitCode.BAD_INPUT, option + " " + folder + " is not a folder");
    }
    return folder.toAbsolutePath();
  }

  private static Path readable(Path file) {
    if (!Files.isReadable(file)) {
      throw new Refusal(ExitCode.BAD_INPUT, "--darknet " + file + " cannot be read");
    }
    return file.toAbsolutePath();
  }

  private static Path folder(Path results) {
    try {
      return Files.createDirectories(results).toAbsolutePath();
    } catch (java.io.IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot make the folder " + results + ": " + e);
    }
  }
}
