package plinius.romulus;

import static plinius.romulus.PoolFormat.require;

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
      long usedBytes, long areaPages, long usedPages, long extents, List<String> roots) {}

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
    heap(get(Heap.MAGIC_OFFSET) == Heap.MAGIC, "it does not begin with its mark");
    top = get(Heap.TOP_OFFSET);
    boolean aligned = top % Heap.BLOCK_HEADER_BYTES == 0;
    heap(top >= Heap.BLOCKS_OFFSET && top <= twinBytes && aligned, "its top lies at %d", top);
    requireZeros("heap", Heap.FREE_LISTS_END, Heap.ROOTS_OFFSET);
    walkBlocks();
    walkFreeLists();
    heap(get(Heap.USED_BYTES_OFFSET) == usedBytes, "its bytes do not fit its blocks");
    heap(get(Heap.USED_BLOCKS_OFFSET) == used.cardinality(), "its count does not fit its blocks");
    checkMaps();
    long pages = get(Heap.USED_PAGES_OFFSET);
    return new Summary(
        usedBytes, get(Heap.AREA_PAGES_OFFSET), pages, get(Heap.EXTENTS_OFFSET), roots());
  }

  private void walkBlocks() {
    for (long block = Heap.BLOCKS_OFFSET; block < top; ) {
      long bytes = get(block);
      boolean sound = Heap.isClass(bytes) && bytes <= top - block;
      heap(sound, "block %d has %d bytes", block, bytes);
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
        // Each block is taken out when met, so a ring or a block in two lists ends here too.
        boolean sound = isIn(free, block) && get(block) == Heap.classBytes(sizeClass);
        heap(sound, "a free list leads to %d", block);
        free.clear(index(block));
        block = get(block + 8);
      }
    }
    heap(free.isEmpty(), "a free block is in no list");
  }

  private void checkMaps() {
    long pages = get(Heap.AREA_PAGES_OFFSET);
    boolean possible = pages >= 0 && pages <= areaPagesMax;
    extents(possible, "the area has %d pages, the memory %d", pages, areaPagesMax);
    long ref = get(Heap.MAP_REF_OFFSET);
    long block = ref - Heap.BLOCK_HEADER_BYTES;
    long blockBytes = ExtentMap.mapBytes(pages) + Heap.BLOCK_HEADER_BYTES;
    extents(isIn(used, block) && get(block) >= blockBytes, "the map lies at %d", ref);
    long words = ExtentMap.words(pages);
    long usedPages = 0;
    long extents = 0;
    long before = 0; // whether the page before this word is in use
    for (long word = 0; word < words; word++) {
      long taken = get(ref + 8 * word);
      long starts = get(ref + 8 * (words + word));
      long inside = word == words - 1 && pages % 64 != 0 ? (1L << (pages % 64)) - 1 : -1L;
      // A page in use behind a free one begins an extent.
      long orphans = taken & ~(taken << 1 | before) & ~starts;
      boolean sound = (taken & ~inside) == 0 && (starts & ~taken) == 0 && orphans == 0;
      extents(sound, "the map is wrong in word %d", word);
      before = taken >>> 63;
      usedPages += Long.bitCount(taken);
      extents += Long.bitCount(starts);
    }
    extents(get(Heap.USED_PAGES_OFFSET) == usedPages, "the pages do not fit the map");
    extents(get(Heap.EXTENTS_OFFSET) == extents, "the count does not fit the map");
  }

  private List<String> roots() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < Heap.ROOTS; i++) {
      long entry = Heap.ROOTS_OFFSET + (long) i * Heap.ROOT_BYTES;
      long ref = get(entry);
      if (ref == 0) {
        requireZeros("roots", entry, entry + Heap.ROOT_BYTES);
        continue;
      }
      byte[] name = new byte[Heap.ROOT_BYTES - 8];
      for (int at = 0; at < name.length; at++) {
        name[at] = (byte) (get(entry + 8 + (at & -8)) >>> (8 * (at % 8)));
      }
      int length = name[0] & 0xFF;
      boolean named = length >= 1 && length <= Heap.NAME_BYTES_MAX;
      boolean sound = named && isIn(used, ref - Heap.BLOCK_HEADER_BYTES);
      require(sound, "roots", "entry %d leads to %d", i, ref);
      for (int at = length + 1; at < name.length; at++) {
        require(name[at] == 0, "roots", "unused bytes of entry %d are not zero", i);
      }
      names.add(new String(name, 1, length, StandardCharsets.UTF_8));
    }
    names.sort(null);
    return names;
  }

  private boolean isIn(BitSet blocks, long block) {
    return block >= Heap.BLOCKS_OFFSET
        && block < top
        && block % Heap.BLOCK_HEADER_BYTES == 0
        && blocks.get(index(block));
  }

  private static int index(long block) {
    return Math.toIntExact(block / Heap.BLOCK_HEADER_BYTES);
  }

  private long get(long offset) {
    return twin.applyAsLong(offset);
  }

  private void requireZeros(String where, long from, long to) {
    for (long offset = from; offset < to; offset += 8) {
      require(get(offset) == 0, where, "unused bytes at %d are not zero", offset);
    }
  }

  private static void heap(boolean sound, String what, Object... values) {
    require(sound, "heap", what, values);
  }

  private static void extents(boolean sound, String what, Object... values) {
    require(sound, "extents", what, values);
  }
}
