package plinius.romulus;

/**
 * How large a pool has to be.
 *
 * @param twinBytes bytes of each twin, for {@link Pool#format}
 * @param poolBytes bytes of the whole pool
 */
public record PoolSizing(long twinBytes, long poolBytes) {
  /** Room for two complete sets of these extents and twice these bytes in blocks, with a margin. */
  public static PoolSizing of(long[] extentBytes, long smallBytes) {
    return null;
  }

  /** The twin for a pool whose size is given. */
  public static long twinBytesFor(long poolBytes, long smallBytes) {
    return 0;
  }

  /** {@link #of}, the size only. */
  public static long bytesFor(long[] extentBytes, long smallBytes) {
    return of(extentBytes, smallBytes).poolBytes();
  }
}
