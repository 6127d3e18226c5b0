package plinius.cli;

import java.util.Objects;

/** A command cannot go on, for a reason that its user can understand and mend. */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  /**
   * A refusal.
   *
   * @param exitCode how the command ends
   * @param message what failed, the values, what to do
   */
  public Refusal(ExitCode exitCode, String message) {
    this(exitCode, message, null);
  }

  Refusal(ExitCode exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = Objects.requireNonNull(exitCode, "exitCode");
  }

  /**
   * How the command ends.
   *
   * @return never {@link ExitCode#DONE}
   */
  public ExitCode exitCode() {
    return exitCode;
  }
}
