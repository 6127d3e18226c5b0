package plinius.cli;

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
    return Verbs.run(new PliniusCommand(), arguments);
  }
}
