package plinius.evaluation;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import plinius.cli.ExitCode;
import plinius.cli.Terminal;
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
    CommandLine line = new CommandLine(new Main());
    line.getSubcommands()
        .values()
        .forEach(
            verb ->
                verb.getCommandSpec()
                    .addOption(
                        OptionSpec.builder("-h", "--help")
                            .type(boolean.class)
                            .usageHelp(true)
                            .description("Print this help.")
                            .build()));
    line.setUsageHelpAutoWidth(true);
    line.setParameterExceptionHandler(
        (wrong, given) -> {
          Terminal.error(wrong.getMessage());
          Terminal.err()
              .println(
                  "Try: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
          return ExitCode.USAGE.code();
        });
    line.setExecutionExceptionHandler((failure, at, parsed) -> Terminal.report(failure));
    return line.execute(arguments);
  }

  @Override
  public Integer call() {
    Terminal.error("say evaluate or spot");
    return ExitCode.USAGE.code();
  }
}
