package plinius.benchmarks.kernels;

import java.util.function.IntConsumer;

/**
 * Calls of one kernel that together are one measurement.
 *
 * @param kernel the method of {@link plinius.kernel.Kernels}
 * @param what it is called for: the shape
 * @param amount operations, or bytes that have to be read and written at least
 * @param first what is part of it and cannot be shared out; does nothing mostly
 * @param shards into how many tasks the rest is divided
 * @param shard one of these tasks
 */
record Work(
    String kernel,
    String what,
    Bound bound,
    double amount,
    Runnable first,
    int shards,
    IntConsumer shard) {

  /** What limits a kernel, hence in what it is measured. */
  enum Bound {
    /** Multiply-adds in registers, two operations each. */
    ARITHMETIC("GF/s", "gigaflops"),
    /** Copying an array that lies in no cache; each byte is read and written. */
    MEMORY("GB/s", "gigabytesPerSecond");

    /** For people. */
    final String unit;

    /** For programs. */
    final String key;

    Bound(String unit, String key) {
      this.unit = unit;
      this.key = key;
    }
  }

  /** A kernel whose calls can all be shared out. */
  Work(String kernel, String what, Bound bound, double amount, int shards, IntConsumer shard) {
    this(kernel, what, bound, amount, () -> {}, shards, shard);
  }

  /** For people and for choosing it. */
  String label() {
    return kernel + " " + what;
  }
}
