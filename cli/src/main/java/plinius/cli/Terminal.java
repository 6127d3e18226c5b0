package plinius.cli;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;

/** Where people read and answer: the only place of this module that knows the standard streams. */
public final class Terminal {
  private Terminal() {}

  /**
   * Where results go.
   *
   * @return standard output
   */
  public static PrintStream out() {
    return System.out;
  }

  /**
   * Where notices and errors go.
   *
   * @return standard error
   */
  public static PrintStream err() {
    return System.err;
  }

  /**
   * Says why a command fails.
   *
   * @param message what failed, the values, what to do
   */
  public static void error(String message) {
    err().println("plinius: " + message);
  }

  /**
   * Says why a program of ours fails, as its commands do.
   *
   * @param failure what its command threw
   * @return the exit code of its class
   */
  public static int report(Exception failure) {
    error(Failures.message(failure));
    return Failures.code(failure).code();
  }

  /**
   * Says something that people should read and that is no result.
   *
   * @param message a sentence
   */
  public static void notice(String message) {
    err().println("plinius: " + message);
  }

  /**
   * Whether somebody watches: only then is there a progress bar, and only then a question.
   *
   * @return true if input and output are a terminal
   */
  // Since JDK 25 it is null again where there is no terminal.
  @SuppressWarnings("SystemConsoleNull")
  public static boolean isInteractive() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** The answer to a question, empty when nobody is there to answer. */
  static Optional<String> ask(String question) {
    return isInteractive()
        ? Optional.ofNullable(System.console().readLine("%s", question))
        : Optional.empty();
  }

  /** A passphrase typed without echo, empty when nobody is there to type. */
  static Optional<char[]> askSecret(String question) {
    if (!isInteractive()) {
      return Optional.empty();
    }
    char[] typed = System.console().readPassword("%s", question);
    return Optional.ofNullable(typed);
  }
}
