package plinius.pmem;

/** What can go wrong between a program and its persistent memory. */
@SuppressWarnings("serial") // is never written
public abstract sealed class PmemException extends RuntimeException {

  private PmemException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The file is missing, empty, or the operating system refuses to map it. */
  public static final class CannotMap extends PmemException {
    public CannotMap(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * The kind of write-back that was asked for is not to be had, or would be a lie, on this medium
   * or processor.
   */
  public static final class Unsupported extends PmemException {
    public Unsupported(String message) {
      super(message, null);
    }
  }

  /** The medium has no room for more, or the memory is not one that grows. */
  public static final class CannotGrow extends PmemException {
    public CannotGrow(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A store to memory that was mapped for reading. */
  public static final class ReadOnly extends PmemException {
    public ReadOnly() {
      super("this persistent memory is mapped read-only: open it for writing to change it", null);
    }
  }

  /**
   * The medium did not take what was to be durable. Nothing more can be promised about this
   * mapping.
   */
  public static final class WriteBackFailed extends PmemException {
    public WriteBackFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
