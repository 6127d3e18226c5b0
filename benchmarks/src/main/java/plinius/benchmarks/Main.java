package plinius.benchmarks;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import plinius.cli.ExitCode;
import plinius.cli.Terminal;
import plinius.cli.Verbs;

/** The verb bench in a process of its own; the command line passes it on. */
@Command(
    name = "plinius",
    subcommands = {BenchCommand.class})
public final class Main implements Callable<Integer> {
  private Main() {}

  /** Runs one verb and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs one verb. */
  public static int run(String... arguments) {
    return Verbs.run(new Main(), arguments);
  }

  @Override
  public Integer call() {
    Terminal.error("say bench");
    return ExitCode.USAGE.code();
  }
}
