package plinius.romulus;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * Reads a whole twin and believes nothing: every offset, length, list and count of the allocator.
 * Writes nothing.
 */
final class HeapCheck {
  /** What a sound twin says of itself. */
  record Summary(
      long top,
      long usedBytes,
      long usedBlocks,
      long areaPages,
      long usedPages,
      long extents,
      List<String> roots) {}

  private final LongUnaryOperator twin;
  private final long twinBytes;
  private final long areaPagesMax;
  private final BitSet used = new BitSet(); // blocks by their offset / 16
  private final BitSet free = new BitSet();
  private long top;
  private long usedBytes;

  private HeapCheck(LongUnaryOperator twin, long twinBytes, long areaPagesMax) {
    this.twin = twin;
    this.twinBytes = twinBytes;
    this.areaPagesMax = areaPagesMax;
  }

  /**
   * Checks a twin.
   *
   * @param twin the 8 bytes at an offset of the twin
   * @param areaPagesMax pages that the memory has behind the twins
   */
  static Summary check(LongUnaryOperator twin, long twinBytes, long areaPagesMax) {
    return new HeapCheck(twin, twinBytes, areaPagesMax).check();
  }

  private Summary check() {
    require(get(Heap.MAGIC_OFFSET) == Heap.MAGIC, "heap", "it does not begin with its mark");
    top = get(Heap.TOP_OFFSET);
    require(
        top >= Heap.BLOCKS_OFFSET && top <= twinBytes && top % Heap.BLOCK_HEADER_BYTES == 0,
        "heap",
        "its top lies at " + top);
    for (long offset = Heap.FREE_LISTS_END; offset < Heap.ROOTS_OFFSET; offset += 8) {
      require(get(offset) == 0, "heap", "unused bytes at " + offset + " are not zero");
    }
    walkBlocks();
    walkFreeLists();
    require(
        get(Heap.USED_BYTES_OFFSET) == usedBytes
            && get(Heap.USED_BLOCKS_OFFSET) == used.cardinality(),
        "heap",
        "its counts do not fit its blocks");
    checkMaps();
    return new Summary(
        top,
        usedBytes,
        used.cardinality(),
        get(Heap.AREA_PAGES_OFFSET),
        get(Heap.USED_PAGES_OFFSET),
        get(Heap.EXTENTS_OFFSET),
        roots());
  }

  private void walkBlocks() {
    for (long block = Heap.BLOCKS_OFFSET; block < top; ) {
      long bytes = get(block);
      require(
          Heap.isClass(bytes) && bytes <= top - block,
          "heap",
          "block " + block + " has " + bytes + " bytes");
      if (get(block + 8) == Heap.USED) {
        used.set(index(block));
        usedBytes += bytes;
      } else {
        free.set(index(block));
      }
      block += bytes;
    }
  }

  private void walkFreeLists() {
    for (int sizeClass = 0; sizeClass < Heap.CLASSES; sizeClass++) {
      long block = get(Heap.FREE_LISTS_OFFSET + 8L * sizeClass);
      while (block != 0) {
        boolean known =
            block >= Heap.BLOCKS_OFFSET
                && block < top
                && block % Heap.BLOCK_HEADER_BYTES == 0
                && free.get(index(block));
        // Each block is taken out when met, so a ring or a block in two lists ends here too.
        require(
            known && get(block) == Heap.classBytes(sizeClass),
            "heap",
            "a free list leads to " + block);
        free.clear(index(block));
        block = get(block + 8);
      }
    }
    require(free.isEmpty(), "heap", "a free block is in no list");
  }

  private void checkMaps() {
    long pages = get(Heap.AREA_PAGES_OFFSET);
    require(
        pages >= 0 && pages <= areaPagesMax,
        "extents",
        "the area has " + pages + " pages, the memory " + areaPagesMax);
    long ref = get(Heap.MAP_REF_OFFSET);
    long block = ref - Heap.BLOCK_HEADER_BYTES;
    require(
        isUsed(block) && get(block) - Heap.BLOCK_HEADER_BYTES >= ExtentMap.mapBytes(pages),
        "extents",
        "the map lies at " + ref);
    long words = ExtentMap.words(pages);
    long usedPages = 0;
    long extents = 0;
    long before = 0; // whether the page before this word is in use
    for (long word = 0; word < words; word++) {
      long taken = get(ref + 8 * word);
      long starts = get(ref + 8 * (words + word));
      long inside = word == words - 1 && pages % 64 != 0 ? (1L << (pages % 64)) - 1 : -1L;
      require(
          (taken & ~inside) == 0 && (starts & ~taken) == 0,
          "extents",
          "the map is wrong in word " + word);
      // A page in use behind a free one begins an extent.
      require(
          (taken & ~(taken << 1 | before) & ~starts) == 0,
          "extents",
          "an extent has no beginning in word " + word);
      before = taken >>> 63;
      usedPages += Long.bitCount(taken);
      extents += Long.bitCount(starts);
    }
    require(
        get(Heap.USED_PAGES_OFFSET) == usedPages && get(Heap.EXTENTS_OFFSET) == extents,
        "extents",
        "the counts do not fit the map");
  }

  private List<String> roots() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < Heap.ROOTS; i++) {
      long entry = Heap.ROOTS_OFFSET + (long) i * Heap.ROOT_BYTES;
      if (get(entry) == 0) {
        for (int at = 8; at < Heap.ROOT_BYTES; at += 8) {
          require(get(entry + at) == 0, "roots", "unused bytes of entry " + i + " are not zero");
        }
        continue;
      }
      byte[] name = new byte[Heap.ROOT_BYTES - 8];
      for (int at = 0; at < name.length; at++) {
        name[at] = (byte) (get(entry + 8 + (at & -8)) >>> (8 * (at % 8)));
      }
      int length = name[0] & 0xFF;
      require(
          isUsed(get(entry) - Heap.BLOCK_HEADER_BYTES)
              && length >= 1
              && length <= Heap.NAME_BYTES_MAX,
          "roots",
          "entry " + i + " leads to " + get(entry));
      for (int at = length + 1; at < name.length; at++) {
        require(name[at] == 0, "roots", "unused bytes of entry " + i + " are not zero");
      }
      names.add(new String(name, 1, length, StandardCharsets.UTF_8));
    }
    names.sort(null);
    return names;
  }

  private boolean isUsed(long block) {
    return block >= Heap.BLOCKS_OFFSET
        && block < top
        && block % Heap.BLOCK_HEADER_BYTES == 0
        && used.get(index(block));
  }

  private static int index(long block) {
    return Math.toIntExact(block / Heap.BLOCK_HEADER_BYTES);
  }

  private long get(long offset) {
    return twin.applyAsLong(offset);
  }

  private static void require(boolean sound, String where, String what) {
    if (!sound) {
      throw new PoolException.Corrupt(where, what);
    }
  }
}
