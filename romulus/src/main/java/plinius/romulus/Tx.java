package plinius.romulus;

/**
 * A transaction that changes the pool: all of it becomes durable when the body returns, or none of
 * it happened. The view includes its own changes. Used by the thread that runs the body, {@link
 * #writeExtent} and reads by others too.
 */
public interface Tx extends ReadTx {
  /**
   * A block of at least this many bytes, all zero, 16-byte aligned.
   *
   * @throws PoolException.Full if the twins have no room
   */
  long alloc(long bytes);

  /**
   * Gives a block back.
   *
   * @throws IllegalArgumentException if it is none that is in use, or a name still leads to it
   */
  void free(long ref);

  /** Stores 8 bytes; the place is 8-byte aligned. */
  void setLong(long ref, long value);

  /** Stores 4 bytes; the place is 4-byte aligned. */
  void setInt(long ref, int value);

  /** Copies {@code length} bytes into a block. */
  void write(long ref, byte[] source, int at, int length);

  /**
   * Names a block, so that it is found again; 0 takes the name away. At most 40 names of at most 55
   * bytes of UTF-8.
   */
  void setRoot(String name, long ref);

  /**
   * A fresh extent. Its contents are undefined until written. Never space that the committed state
   * still uses: neither for recovery nor for readers would that state be there any more.
   *
   * @throws PoolException.Full if no run of free pages is long enough
   */
  Extent allocExtent(long bytes);

  /**
   * Writes into an extent that this transaction allocated, from byte {@code offset} of it, and
   * begins to write it back; the commit waits for that. Any thread may call it while the body runs;
   * the body returns after the last such call returned.
   */
  void writeExtent(Extent extent, long offset, byte[] source, int at, int length);

  /**
   * Gives an extent back: its space is free once this transaction is durable and no reader sees the
   * state before it.
   */
  void freeExtent(Extent extent);

  /**
   * Takes everything back that this transaction did, by throwing.
   *
   * @throws PoolException.Aborted always; it leaves {@link Pool#update} after the rollback
   */
  void abort();
}
