package plinius.romulus;

/** What can go wrong with a pool. */
@SuppressWarnings("serial") // is never written
public abstract sealed class PoolException extends RuntimeException {

  private PoolException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The memory holds no pool yet: formatting never began or never ended. */
  public static final class NotFormatted extends PoolException {
    public NotFormatted(String message) {
      super(message, null);
    }
  }

  /** The pool is not as this program leaves it: damaged, truncated or changed by someone else. */
  public static final class Corrupt extends PoolException {
    public Corrupt(String where, String what) {
      super(
          "the pool is damaged or was changed: %s: %s; nothing was written to it"
              .formatted(where, what),
          null);
    }
  }

  /** The pool has a layout that this program does not know, or the memory holds something else. */
  public static final class Incompatible extends PoolException {
    public Incompatible(String message) {
      super(message, null);
    }
  }

  /** There is no room. */
  public static final class Full extends PoolException {
    public Full(String part, long neededBytes, long freeBytes, String advice) {
      super(
          part + ": " + neededBytes + " bytes are needed and " + freeBytes + " are free; " + advice,
          null);
    }
  }

  /** An update of a pool that was opened for reading. */
  public static final class ReadOnly extends PoolException {
    public ReadOnly() {
      super("the pool is mapped read-only: open it for writing to change it", null);
    }
  }

  /** The transaction was taken back, by its own wish or because one that had joined it failed. */
  public static final class Aborted extends PoolException {
    public Aborted(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** An earlier write-back failed: nobody knows what is durable. */
  public static final class Poisoned extends PoolException {
    public Poisoned(Throwable cause) {
      super(
          "the pool took no harm that recovery cannot repair, but an earlier write-back failed ("
              + cause.getMessage()
              + "): close it, look after the medium, and open it again",
          cause);
    }
  }
}
