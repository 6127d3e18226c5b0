package plinius.romulus;

/**
 * How large a pool has to be.
 *
 * @param twinBytes bytes of each twin, for {@link Pool#format}
 * @param poolBytes bytes of the whole pool
 */
public record PoolSizing(long twinBytes, long poolBytes) {
  /** The largest twin, 32 GiB: its blocks are counted by ints. What is larger goes into extents. */
  public static final long TWIN_BYTES_MAX = 1L << 35;

  private static final long TWIN_MARGIN_BYTES = 256 << 10;
  private static final long AREA_MARGIN_BYTES = 1 << 20;

  /**
   * Room for two complete sets of these extents, because a new one is written while the old one is
   * still the committed state, for these bytes in blocks likewise, and a margin.
   */
  public static PoolSizing of(long[] extentBytes, long smallBytes) {
    long area = AREA_MARGIN_BYTES;
    for (long bytes : extentBytes) {
      area = Math.addExact(area, Math.multiplyExact(2L, pageAligned(bytes)));
    }
    area = pageAligned(area + area / 16);
    long twin = twinBytesFor(area, smallBytes);
    return new PoolSizing(twin, PoolFormat.TWINS_OFFSET + 2 * twin + area);
  }

  /** The twin for a pool whose size is given: what is left becomes extents. */
  public static long twinBytesFor(long areaBytes, long smallBytes) {
    long map = ExtentMap.mapBytes(areaBytes / PoolFormat.PAGE_BYTES);
    // A block is at most a quarter larger than asked for, or 16 bytes where it is small.
    long bytes = Heap.BLOCKS_OFFSET + TWIN_MARGIN_BYTES + 2 * map + 3 * smallBytes;
    return pageAligned(Math.min(bytes, TWIN_BYTES_MAX));
  }

  private static long pageAligned(long bytes) {
    return Math.addExact(bytes, PoolFormat.PAGE_BYTES - 1) & -PoolFormat.PAGE_BYTES;
  }
}
