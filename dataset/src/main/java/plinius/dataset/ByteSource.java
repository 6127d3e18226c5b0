package plinius.dataset;

/**
 * Bytes that others may change at any time: a reader copies first and uses only the copy. May be
 * read by several threads at once.
 */
public interface ByteSource extends AutoCloseable {
  /** How many bytes there are. */
  long bytes();

  /** Copies bytes out; the caller keeps within {@link #bytes()}. */
  void read(long offset, byte[] target, int at, int length);

  @Override
  default void close() {}
}
