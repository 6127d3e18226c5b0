package plinius.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: {@code plinius VERB ...}. Every way out of it is an {@link ExitCode}. */
public final class Main {
  private Main() {}

  /**
   * Runs one command and ends the process with its exit code.
   *
   * @param arguments the verb and what belongs to it
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /**
   * Runs one command.
   *
   * @param arguments the verb and what belongs to it
   * @return the exit code
   */
  public static int run(String... arguments) {
    CommandLine line = new CommandLine(new PliniusCommand());
    addHelp(line);
    line.setExpandAtFiles(false);
    line.setUsageHelpAutoWidth(true);
    line.setParameterExceptionHandler((wrong, given) -> usage(wrong));
    line.setExecutionExceptionHandler((failure, at, parsed) -> Failures.report(failure, at));
    return line.execute(arguments);
  }

  private static void addHelp(CommandLine line) {
    if (line.getCommand() instanceof OtherProgram) {
      return; // it has its own
    }
    line.getCommandSpec().addOption(helpOption());
    line.getSubcommands().values().forEach(Main::addHelp);
  }

  private static OptionSpec helpOption() {
    return OptionSpec.builder("-h", "--help")
        .type(boolean.class)
        .usageHelp(true)
        .description("Print this help.")
        .build();
  }

  private static int usage(ParameterException wrong) {
    Terminal.error(wrong.getMessage());
    UnmatchedArgumentException.printSuggestions(wrong, Terminal.err());
    Terminal.err()
        .println("Try: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return ExitCode.USAGE.code();
  }
}
