package plinius.owner;

/** A file cannot be read, written or closed, whatever is in it. */
public final class UnusableFile extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What could not be done, and what the operating system says. */
  public UnusableFile(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
