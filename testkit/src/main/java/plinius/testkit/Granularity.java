package plinius.testkit;

import plinius.pmem.PersistentMemory;

/** What reaches the medium as one. */
public enum Granularity {
  /** Cache lines, as on persistent memory. */
  LINE(PersistentMemory.LINE_BYTES),
  /**
   * Pages, as with a mapped ordinary file: the kernel may write any dirty page at any time, and a
   * fence is one forced write of the pages that were named, whoever named them.
   */
  PAGE(PersistentMemory.PAGE_BYTES);

  private final int bytes;

  Granularity(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of a line or page. */
  public int bytes() {
    return bytes;
  }
}
