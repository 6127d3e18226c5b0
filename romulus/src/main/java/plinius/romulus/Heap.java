package plinius.romulus;

import java.nio.charset.StandardCharsets;
import java.util.function.LongUnaryOperator;

/**
 * The allocator of the twins, after EsLoco (Correia, Felber and Ramalhete, OneFile, DSN 2019) with
 * finer size classes: four to a doubling, one free list each, blocks never joined or split. It
 * keeps nothing outside the twin: what a transaction that is taken back allocated and freed is
 * taken back with it, and nothing is rebuilt after a crash.
 *
 * <pre>
 *   0     magic | top | map ref | area pages | used bytes | used blocks | used pages | extents      8 bytes each
 *   64    heads of the free lists: 176 x 8
 *   1536  roots: 40 x 64 = ref (8), length of the name (1), name (55)
 *   4096  blocks up to top: bytes of the block (8), USED or next free block of the class (8), payload
 * </pre>
 */
record Heap(WorkingView twin, long twinBytes) {
  /** "HEAP V1". */
  static final long MAGIC = 0x00_31_56_20_50_41_45_48L;

  static final long MAGIC_OFFSET = 0;
  static final long TOP_OFFSET = 8;
  static final long MAP_REF_OFFSET = 16;
  static final long AREA_PAGES_OFFSET = 24;
  static final long USED_BYTES_OFFSET = 32;
  static final long USED_BLOCKS_OFFSET = 40;
  static final long USED_PAGES_OFFSET = 48;
  static final long EXTENTS_OFFSET = 56;
  static final long FREE_LISTS_OFFSET = 64;
  static final int CLASSES = 176;
  static final long FREE_LISTS_END = FREE_LISTS_OFFSET + 8L * CLASSES;
  static final long ROOTS_OFFSET = 1536;
  static final int ROOTS = 40;
  static final int ROOT_BYTES = 64;
  static final long ROOTS_END = ROOTS_OFFSET + (long) ROOTS * ROOT_BYTES;
  static final int NAME_BYTES_MAX = ROOT_BYTES - 9;
  static final long BLOCKS_OFFSET = 4096;

  static final int BLOCK_HEADER_BYTES = 16;

  /** State of a block that is in use; odd, so that it is no offset. */
  static final long USED = 0x44_45_53_55_4B_4C_42_01L;

  /** An empty heap. */
  void format() {
    twin.zero(0, BLOCKS_OFFSET);
    twin.set(MAGIC_OFFSET, MAGIC);
    twin.set(TOP_OFFSET, BLOCKS_OFFSET);
  }

  long alloc(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("a block has at least 1 byte, not " + bytes);
    }
    if (bytes > twinBytes) {
      throw full(bytes);
    }
    int sizeClass = sizeClass(bytes + BLOCK_HEADER_BYTES);
    long blockBytes = classBytes(sizeClass);
    long head = FREE_LISTS_OFFSET + 8L * sizeClass;
    long block = twin.get(head);
    if (block != 0) {
      if (!liesInside(block) || twin.get(block) != blockBytes || twin.get(block + 8) == USED) {
        throw new PoolException.Corrupt(
            "heap", "the free list of size " + blockBytes + " leads to another block at " + block);
      }
      twin.set(head, twin.get(block + 8));
    } else {
      block = twin.get(TOP_OFFSET);
      if (block < BLOCKS_OFFSET || block > twinBytes || block % BLOCK_HEADER_BYTES != 0) {
        throw new PoolException.Corrupt("heap", "its top lies at " + block);
      }
      if (blockBytes > twinBytes - block) {
        throw full(bytes);
      }
      twin.set(TOP_OFFSET, block + blockBytes);
      twin.set(block, blockBytes);
    }
    twin.set(block + 8, USED);
    twin.zero(block + BLOCK_HEADER_BYTES, blockBytes - BLOCK_HEADER_BYTES);
    twin.set(USED_BYTES_OFFSET, twin.get(USED_BYTES_OFFSET) + blockBytes);
    twin.set(USED_BLOCKS_OFFSET, twin.get(USED_BLOCKS_OFFSET) + 1);
    return block + BLOCK_HEADER_BYTES;
  }

  private PoolException.Full full(long bytes) {
    return new PoolException.Full(
        "the small blocks of the pool",
        bytes,
        twinBytes - BLOCKS_OFFSET - twin.get(USED_BYTES_OFFSET),
        "make a new pool with larger twins");
  }

  void free(long ref) {
    long block = usedBlock(ref);
    boolean needed = ref == twin.get(MAP_REF_OFFSET);
    for (long entry = ROOTS_OFFSET; entry < ROOTS_END; entry += ROOT_BYTES) {
      needed |= ref == twin.get(entry);
    }
    if (needed) { // a pool with a name that leads nowhere could not be opened any more
      throw new IllegalArgumentException(
          "a name, or the pool itself, leads to ref " + ref + ": take the name away first");
    }
    long blockBytes = twin.get(block);
    long head = FREE_LISTS_OFFSET + 8L * sizeClass(blockBytes);
    twin.set(block + 8, twin.get(head));
    twin.set(head, block);
    twin.set(USED_BYTES_OFFSET, twin.get(USED_BYTES_OFFSET) - blockBytes);
    twin.set(USED_BLOCKS_OFFSET, twin.get(USED_BLOCKS_OFFSET) - 1);
  }

  void setRoot(String name, long ref) {
    byte[] wanted = nameBytes(name);
    if (ref != 0) {
      usedBlock(ref);
    }
    long entry = rootEntry(twin::get, wanted);
    if (entry != 0 && ref == 0) {
      twin.zero(entry, ROOT_BYTES);
    } else if (entry != 0) {
      twin.set(entry, ref);
    } else if (ref != 0) {
      addRoot(wanted, ref);
    }
  }

  private void addRoot(byte[] name, long ref) {
    for (long entry = ROOTS_OFFSET; entry < ROOTS_END; entry += ROOT_BYTES) {
      if (twin.get(entry) == 0) {
        twin.set(entry, ref);
        for (int word = 1; word < ROOT_BYTES / 8; word++) {
          twin.set(entry + 8L * word, word(name, word));
        }
        return;
      }
    }
    throw new PoolException.Full("the roots of the pool", 1, 0, "take a name away first");
  }

  /** Where the root of a name stands in a twin; 0 if there is none. */
  static long rootEntry(LongUnaryOperator twin, byte[] name) {
    for (long entry = ROOTS_OFFSET; entry < ROOTS_END; entry += ROOT_BYTES) {
      boolean same = twin.applyAsLong(entry) != 0;
      for (int word = 1; word < ROOT_BYTES / 8 && same; word++) {
        same = twin.applyAsLong(entry + 8L * word) == word(name, word);
      }
      if (same) {
        return entry;
      }
    }
    return 0;
  }

  /** The words 1 to 7 of a root's entry: length and name. */
  private static long word(byte[] name, int word) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      int at = 8 * (word - 1) + i;
      int octet = at == 0 ? name.length : at <= name.length ? name[at - 1] & 0xFF : 0;
      value = value << 8 | octet;
    }
    return value;
  }

  static byte[] nameBytes(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < 1 || bytes.length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "the name of a root has 1 to %d bytes in UTF-8; \"%s\" has %d"
              .formatted(NAME_BYTES_MAX, name, bytes.length));
    }
    return bytes;
  }

  /** The block of a ref that was returned by {@link #alloc} and not freed since. */
  private long usedBlock(long ref) {
    long block = ref - BLOCK_HEADER_BYTES;
    if (!liesInside(block)
        || block >= twin.get(TOP_OFFSET)
        || twin.get(block + 8) != USED
        || !isClass(twin.get(block))) {
      throw new IllegalArgumentException("no block that is in use begins at ref " + ref);
    }
    return block;
  }

  private boolean liesInside(long block) {
    return block >= BLOCKS_OFFSET
        && block <= twinBytes - BLOCK_HEADER_BYTES
        && block % BLOCK_HEADER_BYTES == 0;
  }

  static boolean isClass(long blockBytes) {
    return blockBytes >= 32
        && blockBytes <= PoolFormat.POOL_BYTES_MAX
        && classBytes(sizeClass(blockBytes)) == blockBytes;
  }

  /** The smallest class whose blocks have at least this many bytes with their header. */
  static int sizeClass(long blockBytes) {
    if (blockBytes <= 128) {
      return Math.max(0, (int) ((blockBytes + 15) / 16) - 2);
    }
    int power = 63 - Long.numberOfLeadingZeros(blockBytes - 1);
    long step = 1L << (power - 2);
    int quarter = (int) ((blockBytes - (1L << power) + step - 1) / step); // 1 to 4
    return 6 + (power - 7) * 4 + quarter;
  }

  static long classBytes(int sizeClass) {
    if (sizeClass <= 6) {
      return 32 + 16L * sizeClass;
    }
    int power = 7 + (sizeClass - 7) / 4;
    int quarter = (sizeClass - 7) % 4 + 1;
    return (1L << power) + quarter * (1L << (power - 2));
  }
}
