package plinius.romulus;

/**
 * Which pages of the extent area are in use, and which of them begin an extent: two bit maps in a
 * block of the twins.
 *
 * <p>A page is handed out only if it is free in the working <em>and</em> in the committed twin. So
 * an extent that this transaction freed is not reused before the flip is durable and the readers of
 * the old state have left (only then does the next transaction begin, with equal twins), and one
 * that an aborted transaction allocated is free again at once. No list in volatile memory has to
 * agree with this.
 */
record ExtentMap(WorkingView twin, long twinBytes, long areaOffset) {
  /** Bytes of the block that holds both maps. */
  static long mapBytes(long areaPages) {
    return Math.max(16, 16 * words(areaPages));
  }

  static long words(long areaPages) {
    return (areaPages + 63) / 64;
  }

  long areaPages() {
    long pages = twin.get(Heap.AREA_PAGES_OFFSET);
    if (pages < 0 || pages > PoolFormat.POOL_BYTES_MAX / PoolFormat.PAGE_BYTES) {
      throw new PoolException.Corrupt("extents", "the area has " + pages + " pages");
    }
    return pages;
  }

  private long map() {
    long ref = twin.get(Heap.MAP_REF_OFFSET);
    if (ref < Heap.BLOCKS_OFFSET || ref % 8 != 0 || ref > twinBytes - mapBytes(areaPages())) {
      throw new PoolException.Corrupt("extents", "the map lies at " + ref);
    }
    return ref;
  }

  Extent alloc(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("an extent has at least 1 byte, not " + bytes);
    }
    long areaPages = areaPages();
    long pages = Math.ceilDiv(bytes, PoolFormat.PAGE_BYTES);
    long first = firstFit(pages, areaPages);
    if (first < 0) {
      throw full(bytes, areaPages);
    }
    long used = map();
    long starts = used + 8 * words(areaPages);
    change(used, first, first + pages, true);
    change(starts, first, first + 1, true);
    twin.set(Heap.USED_PAGES_OFFSET, twin.get(Heap.USED_PAGES_OFFSET) + pages);
    twin.set(Heap.EXTENTS_OFFSET, twin.get(Heap.EXTENTS_OFFSET) + 1);
    return new Extent(areaOffset + first * PoolFormat.PAGE_BYTES, bytes);
  }

  /**
   * Appends free pages to the area: a larger map in a block of its own. The committed twin has none
   * there, so the transaction that grows the area allocates no extent.
   *
   * @param map a block of {@link #mapBytes} of the sum, all zero
   * @return the block of the old map, to be freed
   */
  long grow(long map, long morePages) {
    long before = areaPages();
    long after = before + morePages;
    long old = map();
    for (long word = 0; word < words(before); word++) {
      twin.set(map + 8 * word, twin.get(old + 8 * word));
      twin.set(map + 8 * (words(after) + word), twin.get(old + 8 * (words(before) + word)));
    }
    twin.set(Heap.MAP_REF_OFFSET, map);
    twin.set(Heap.AREA_PAGES_OFFSET, after);
    return old;
  }

  private PoolException.Full full(long bytes, long areaPages) {
    return new PoolException.Full(
        "the extents of the pool",
        bytes,
        (areaPages - twin.get(Heap.USED_PAGES_OFFSET)) * PoolFormat.PAGE_BYTES,
        "the pool must hold two complete models: make a larger one, or let it grow");
  }

  private long firstFit(long pages, long areaPages) {
    long used = map();
    long run = 0;
    for (long word = 0; word < words(areaPages); word++) {
      long taken = twin.get(used + 8 * word) | twin.committed(used + 8 * word);
      if (taken == -1) {
        run = 0;
        continue;
      }
      long here = Math.min(64, areaPages - 64 * word);
      for (int bit = 0; bit < here; bit++) {
        run = (taken >>> bit & 1) == 0 ? run + 1 : 0;
        if (run == pages) {
          return 64 * word + bit + 1 - pages;
        }
      }
    }
    return -1;
  }

  /** Changes the bits of these pages, word by word. */
  private void change(long map, long from, long to, boolean value) {
    for (long page = from; page < to; page = (page / 64 + 1) * 64) {
      long inWord = Math.min(to - page, 64 - page % 64);
      long mask = -1L >>> (64 - inWord) << (page % 64);
      long offset = map + 8 * (page / 64);
      long old = twin.get(offset);
      twin.set(offset, value ? old | mask : old & ~mask);
    }
  }

  void free(Extent extent) {
    long areaPages = areaPages();
    long used = map();
    long starts = used + 8 * words(areaPages);
    long first = firstPage(extent, areaPages);
    long end = first + extent.pages();
    boolean whole = bit(starts, first) && (end == areaPages || !bit(used, end) || bit(starts, end));
    for (long page = first; page < end && whole; page++) {
      whole = bit(used, page) && (page == first || !bit(starts, page));
    }
    if (!whole) {
      throw new IllegalArgumentException(extent + " is not an extent that is in use");
    }
    change(used, first, end, false);
    change(starts, first, first + 1, false);
    twin.set(Heap.USED_PAGES_OFFSET, twin.get(Heap.USED_PAGES_OFFSET) - extent.pages());
    twin.set(Heap.EXTENTS_OFFSET, twin.get(Heap.EXTENTS_OFFSET) - 1);
  }

  /**
   * A store into an extent of the committed state could not be taken back: refuses all but extents
   * of this transaction.
   */
  void checkFresh(Extent extent, long offset, long bytes) {
    long areaPages = areaPages();
    long used = map();
    long first = firstPage(extent, areaPages);
    if (!bit(used + 8 * words(areaPages), first)) {
      throw new IllegalArgumentException(extent + " is not an extent that is in use");
    }
    long last = first + (offset + Math.max(bytes, 1) - 1) / PoolFormat.PAGE_BYTES;
    for (long page = first + offset / PoolFormat.PAGE_BYTES; page <= last; page++) {
      if (!bit(used, page) || (twin.committed(used + 8 * (page / 64)) >>> (page % 64) & 1) != 0) {
        throw new IllegalArgumentException(
            extent + " was not allocated by this transaction: an extent is written once");
      }
    }
  }

  private long firstPage(Extent extent, long areaPages) {
    long first = (extent.offset() - areaOffset) / PoolFormat.PAGE_BYTES;
    if (extent.offset() < areaOffset || first > areaPages - extent.pages()) {
      throw new IllegalArgumentException(extent + " lies outside the extents of the pool");
    }
    return first;
  }

  private boolean bit(long map, long page) {
    return (twin.get(map + 8 * (page / 64)) >>> (page % 64) & 1) != 0;
  }
}
