package plinius.benchmarks;

import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.darknet.DarknetException;
import plinius.pmem.PmemException;

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
    CommandLine line = new CommandLine(new Main());
    line.setUsageHelpAutoWidth(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(
        (wrong, given) -> {
          Terminal.error(wrong.getMessage());
          return ExitCode.USAGE.code();
        });
    line.setExecutionExceptionHandler((failure, at, parsed) -> report(failure));
    return line.execute(arguments);
  }

  private static int report(Exception failure) {
    ExitCode code =
        switch (failure) {
          case Refusal refusal -> refusal.exitCode();
          case DarknetException wrong -> ExitCode.BAD_INPUT;
          case PmemException medium -> ExitCode.MEDIUM;
          case UncheckedIOException medium -> ExitCode.MEDIUM;
          default -> ExitCode.INTERNAL;
        };
    String what = code == ExitCode.INTERNAL ? "a defect of Plinius: " + failure : "";
    Terminal.error(what.isEmpty() ? failure.getMessage() : what);
    return code.code();
  }

  @Override
  public Integer call() {
    Terminal.error("say bench");
    return ExitCode.USAGE.code();
  }
}
