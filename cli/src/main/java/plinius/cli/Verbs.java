package plinius.cli;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * How a program of ours takes its command line: each verb has --help and --version, and every way
 * out is an {@link ExitCode} with a sentence.
 */
public final class Verbs {
  private Verbs() {}

  /**
   * Runs one command.
   *
   * @param command the program, annotated for picocli
   * @param arguments what its command line says
   * @return the exit code
   */
  public static int run(Object command, String... arguments) {
    CommandLine line = new CommandLine(command);
    addOptions(line);
    line.setExpandAtFiles(false);
    line.setUsageHelpAutoWidth(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler((wrong, _) -> usage(wrong));
    line.setExecutionStrategy(Verbs::execute);
    line.setExecutionExceptionHandler((failure, at, _) -> Failures.report(failure, at));
    return line.execute(arguments);
  }

  private static void addOptions(CommandLine line) {
    if (line.getCommand() instanceof OtherProgram) {
      return; // it has its own
    }
    CommandSpec spec = line.getCommandSpec();
    spec.version("plinius " + version());
    spec.addOption(option("-h", "--help").usageHelp(true).description("Print this help.").build());
    spec.addOption(option("--version").versionHelp(true).description("Print the version.").build());
    line.getSubcommands().values().forEach(Verbs::addOptions);
  }

  private static OptionSpec.Builder option(String... names) {
    return OptionSpec.builder(names).type(boolean.class);
  }

  /** Of the jar; none outside of one. */
  private static String version() {
    return Optional.ofNullable(Verbs.class.getModule().getDescriptor())
        .flatMap(ModuleDescriptor::rawVersion)
        .orElse("(without a version: not run from its jar)");
  }

  private static int usage(ParameterException wrong) {
    Terminal.error(wrong.getMessage());
    UnmatchedArgumentException.printSuggestions(wrong, Terminal.err());
    Terminal.err()
        .println("Try: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return ExitCode.USAGE.code();
  }

  /**
   * What does not fit into memory is the fault of no line of code: a mistake that can be mended.
   */
  private static int execute(ParseResult parsed) {
    try {
      return new RunLast().execute(parsed);
    } catch (OutOfMemoryError e) {
      ParseResult last = parsed;
      while (last.hasSubcommand()) {
        last = last.subcommand();
      }
      Refusal refusal =
          new Refusal(
              ExitCode.BAD_INPUT,
              "this does not fit into memory, of which Java takes %d MiB here (%s). Give it less, or let it take more: JDK_JAVA_OPTIONS=-Xmx8g plinius ..."
                  .formatted(Runtime.getRuntime().maxMemory() >> 20, e.getMessage()),
              e);
      throw new ExecutionException(last.commandSpec().commandLine(), e.toString(), refusal);
    }
  }
}
