package plinius.romulus;

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

  /** A reader arrives at a twin; returns what {@link #depart} wants. */
  final int arrive(int twin) {
    int at = (twin * STRIPES + ((int) Thread.currentThread().threadId() & (STRIPES - 1))) * STRIDE;
    counts.incrementAndGet(at);
    return at;
  }

  final void depart(int at) {
    counts.decrementAndGet(at);
  }

  /** Waits until nobody reads this twin; nobody may arrive any more. */
  void drain(int twin) {
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      int at = (twin * STRIPES + stripe) * STRIDE;
      for (int spins = 0; counts.get(at) != 0; spins++) {
        if (spins < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(50_000);
        }
      }
    }
  }
}
