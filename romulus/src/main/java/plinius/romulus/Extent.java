package plinius.romulus;

/**
 * A range of the pool outside the twins, for bulk data. It is not twinned: it is written once, in
 * the transaction that allocated it, and immutable from the commit on.
 *
 * @param offset where it begins in the pool, a multiple of 4096
 * @param bytes how many bytes were asked for, at least 1
 */
public record Extent(long offset, long bytes) {
  public Extent {
    if (offset < 0 || offset % PoolFormat.PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "an extent begins at a multiple of " + PoolFormat.PAGE_BYTES + ", not at " + offset);
    }
    if (bytes < 1 || bytes > PoolFormat.POOL_BYTES_MAX) {
      throw new IllegalArgumentException(
          "an extent has 1 to " + PoolFormat.POOL_BYTES_MAX + " bytes, not " + bytes);
    }
  }

  /** Whole pages that it takes. */
  long pages() {
    return (bytes + PoolFormat.PAGE_BYTES - 1) / PoolFormat.PAGE_BYTES;
  }
}
