package plinius.romulus;

/**
 * A view of the pool. A ref is an offset into the twins: of a block, or of a place inside a block
 * (ref + distance). It means the same in both twins and in every process; 0 is no block. Valid only
 * inside the body that it was handed to.
 */
public interface ReadTx {
  /** The block that was last set under this name; 0 if none. */
  long root(String name);

  /** Loads 8 bytes; the place is 8-byte aligned. */
  long getLong(long ref);

  /** Loads 4 bytes; the place is 4-byte aligned. */
  int getInt(long ref);

  /** Copies {@code length} bytes out of a block. */
  void read(long ref, byte[] target, int at, int length);

  /**
   * Copies {@code length} bytes out of an extent, from byte {@code offset} of it. Any thread may
   * call it while the body runs.
   */
  void readExtent(Extent extent, long offset, byte[] target, int at, int length);
}
