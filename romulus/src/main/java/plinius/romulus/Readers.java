package plinius.romulus;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Who reads which twin: read indicators as in Left-Right (Ramalhete and Correia, 2013), spread over
 * stripes so that readers do not wait for each other's cache line.
 */
class Readers {
  private static final int STRIPES = 16; // a power of two
  private static final int STRIDE = 32; // 128 bytes: two lines, because processors fetch pairs
  private static final int SPINS = 1000;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(2 * STRIPES * STRIDE);

  /**
   * A bit for each twin at which anybody arrived since it was drained: spares the writer the search
   * where nobody reads. Set after the count and before a reader looks again whether it is where it
   * should be, so a writer that does not see it need not wait.
   */
  private final AtomicInteger visited = new AtomicInteger();

  /** A reader arrives at a twin; returns what {@link #depart} wants. */
  int arrive(int twin) {
    int at = (twin * STRIPES + ((int) Thread.currentThread().threadId() & (STRIPES - 1))) * STRIDE;
    counts.incrementAndGet(at);
    if ((visited.get() & 1 << twin) == 0) {
      visited.accumulateAndGet(1 << twin, (all, mine) -> all | mine);
    }
    return at;
  }

  void depart(int at) {
    counts.decrementAndGet(at);
  }

  /** Whether anybody may be reading; true for the thread of a read. */
  final boolean mayBeThere() {
    return visited.get() != 0;
  }

  /** Waits until nobody reads this twin; who arrives from now on reads the other one. */
  void drain(int twin) {
    int bit = 1 << twin;
    if ((visited.get() & bit) == 0) {
      return;
    }
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      for (int spins = 0; isOccupied(twin, stripe); spins++) {
        if (spins < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(50_000);
        }
      }
    }
    visited.accumulateAndGet(bit, (all, mine) -> all & ~mine);
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      if (isOccupied(twin, stripe)) { // by who has just arrived at both, and saw the bit
        visited.accumulateAndGet(bit, (all, mine) -> all | mine);
      }
    }
  }

  private boolean isOccupied(int twin, int stripe) {
    return counts.get((twin * STRIPES + stripe) * STRIDE) != 0;
  }
}
