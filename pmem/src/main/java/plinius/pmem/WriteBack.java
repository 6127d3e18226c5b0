package plinius.pmem;

import java.util.Locale;

/** How stores are made durable: behind {@link #AUTO} in the order of its preference. */
public enum WriteBack {
  /** The best that medium and processor offer; never the answer of {@link Medium#writeBack()}. */
  AUTO,
  /** Writes a line back and keeps it in the cache. */
  CLWB,
  /** Writes a line back and evicts it; unordered. */
  CLFLUSHOPT,
  /** Writes a line back and evicts it; ordered with the other stores of the processor, so slow. */
  CLFLUSH,
  /** The virtual machine's own write-back, where the operating system refuses executable pages. */
  UNSAFE,
  /** msync over the span that was written: all that an ordinary file understands. */
  MSYNC;

  /** The name on the command line. */
  public String option() {
    return name().toLowerCase(Locale.ROOT);
  }
}
