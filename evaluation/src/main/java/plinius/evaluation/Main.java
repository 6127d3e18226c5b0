package plinius.evaluation;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import plinius.cli.ExitCode;
import plinius.cli.Terminal;
import plinius.cli.Verbs;
import plinius.evaluation.spot.SpotCommand;

/** The verbs evaluate and spot, in a process of their own; the command line passes them on. */
@Command(
    name = "plinius",
    subcommands = {EvaluateCommand.class, SpotCommand.class})
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
    Terminal.error("say evaluate or spot");
    return ExitCode.USAGE.code();
  }
}
