package plinius.romulus;

import static java.util.Objects.requireNonNull;

import java.util.List;
import plinius.pmem.Medium;

/**
 * A pool as its committed copy describes it.
 *
 * @param formatVersion version of the layout
 * @param protocol how its twins take turns
 * @param identity whose pool it is
 * @param poolBytes bytes that the pool uses of its memory
 * @param twinBytes bytes of each twin
 * @param sequence committed transactions since the pool was formatted
 * @param committedTwin 0 or 1
 * @param heapUsedBytes bytes of the twin in blocks that are in use, with their headers
 * @param heapFreeBytes bytes of the twin that can still be allocated
 * @param extentAreaBytes bytes outside the twins
 * @param extentUsedBytes of these, bytes in extents that are in use
 * @param extentCount how many extents are in use
 * @param roots names of the roots, sorted
 * @param medium what the pool lies on
 */
public record PoolInfo(
    int formatVersion,
    Protocol protocol,
    PoolIdentity identity,
    long poolBytes,
    long twinBytes,
    long sequence,
    int committedTwin,
    long heapUsedBytes,
    long heapFreeBytes,
    long extentAreaBytes,
    long extentUsedBytes,
    long extentCount,
    List<String> roots,
    Medium medium) {
  public PoolInfo {
    requireNonNull(protocol);
    requireNonNull(identity);
    requireNonNull(medium);
    roots = List.copyOf(roots);
  }
}
