package plinius.broker;

import java.nio.file.Path;

/** Why the broker cannot do what its owner asks. Refusals to enclaves are answers, not these. */
public abstract sealed class BrokerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private BrokerException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The state directory cannot be read or written, or the port cannot be opened. */
  public static final class StateUnusable extends BrokerException {
    private static final long serialVersionUID = 1L;

    StateUnusable(String message) {
      super(message, null);
    }

    StateUnusable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The log is not what this broker wrote. */
  public static final class LogTampered extends BrokerException {
    private static final long serialVersionUID = 1L;

    LogTampered(Path log, long line, String reason) {
      super(
          "the broker's log "
              + log
              + " was changed: line "
              + line
              + " "
              + reason
              + ". Restore it from a copy; without it the count of epochs is lost",
          null);
    }
  }

  /** The state directory belongs to another owner's key. */
  public static final class WrongOwner extends BrokerException {
    private static final long serialVersionUID = 1L;

    WrongOwner(String message) {
      super(message, null);
    }
  }

  /** There is another job of this name, or of this id with other terms. */
  public static final class JobConflict extends BrokerException {
    private static final long serialVersionUID = 1L;

    JobConflict(String message) {
      super(message, null);
    }
  }

  /** No such mirror in the log. */
  public static final class UnknownMirror extends BrokerException {
    private static final long serialVersionUID = 1L;

    UnknownMirror(String message) {
      super(message, null);
    }
  }

  /** No such job in the log. */
  public static final class UnknownJob extends BrokerException {
    private static final long serialVersionUID = 1L;

    UnknownJob(String message) {
      super(message, null);
    }
  }
}
