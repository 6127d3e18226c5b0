package plinius.pmem;

import java.io.Serial;

/** What can go wrong between a program and its persistent memory. */
public abstract sealed class PmemException extends RuntimeException
    permits PmemException.CannotMap,
        PmemException.Unsupported,
        PmemException.ReadOnly,
        PmemException.CannotGrow,
        PmemException.WriteBackFailed {

  @Serial private static final long serialVersionUID = 1;

  private PmemException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The file is missing, empty, or the operating system refuses to map it. */
  public static final class CannotMap extends PmemException {
    @Serial private static final long serialVersionUID = 1;

    public CannotMap(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * The kind of write-back that was asked for is not to be had, or would be a lie, on this medium
   * or processor.
   */
  public static final class Unsupported extends PmemException {
    @Serial private static final long serialVersionUID = 1;

    public Unsupported(String message) {
      super(message, null);
    }
  }

  /** The medium has no room for more, or the memory is not one that grows. */
  public static final class CannotGrow extends PmemException {
    @Serial private static final long serialVersionUID = 1;

    public CannotGrow(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A store to memory that was mapped for reading. */
  public static final class ReadOnly extends PmemException {
    @Serial private static final long serialVersionUID = 1;

    public ReadOnly() {
      super("this persistent memory is mapped read-only: open it for writing to change it", null);
    }
  }

  /**
   * The medium did not take what was to be durable. Nothing more can be promised about this
   * mapping.
   */
  public static final class WriteBackFailed extends PmemException {
    @Serial private static final long serialVersionUID = 1;

    public WriteBackFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
