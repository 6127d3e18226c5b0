package plinius.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Pool;
import plinius.romulus.PoolInfo;

/**
 * What lies where in a pool, read by the description of the format in docs/design/pmem-format.md
 * and not by the code that writes it, so that either can be held against the other. Reads only; the
 * pool must not be changed meanwhile.
 *
 * @param info what the pool says of itself; it has been checked
 * @param state of the protocol: what the newest value says, the word's or a witness's
 * @param roots names with what they lead to
 * @param usedBlocks how many blocks of a size are in use, by size
 * @param freeBlocks how many wait in a free list, by size
 * @param extents in use, in order
 * @param recovery what the first update would do
 */
public record PoolStructure(
    PoolInfo info,
    String state,
    List<Root> roots,
    Map<Long, Long> usedBlocks,
    Map<Long, Long> freeBlocks,
    List<Run> extents,
    Recovery recovery) {

  /** A name, the ref it stands for, and the size of that block without its header. */
  public record Root(String name, long ref, long bytes) {}

  /** Pages in a row. */
  public record Run(long offset, long bytes) {}

  /**
   * What recovery would do.
   *
   * @param from the twin that is believed
   * @param to the twin that is replaced
   * @param copiedBytes that are copied
   * @param differingLines of these, lines of 64 bytes that differ now; 0 after an orderly end of a
   *     pool whose last update was followed by another
   */
  public record Recovery(int from, int to, long copiedBytes, long differingLines) {}

  private static final long TWINS_OFFSET = 8192;
  private static final long TOP = 8;
  private static final long MAP_REF = 16;
  private static final long AREA_PAGES = 24;
  private static final long ROOTS = 1536;
  private static final long BLOCKS = 4096;
  private static final long USED = 0x44_45_53_55_4B_4C_42_01L;

  public PoolStructure {
    roots = List.copyOf(roots);
    extents = List.copyOf(extents);
  }

  /**
   * Reads a pool.
   *
   * @throws plinius.romulus.PoolException if it is not a sound one
   */
  public static PoolStructure read(PersistentMemory memory) {
    PoolInfo info = Pool.open(memory).info();
    long base = TWINS_OFFSET + info.committedTwin() * info.twinBytes();
    Map<Long, Long> used = new TreeMap<>();
    Map<Long, Long> free = new TreeMap<>();
    long top = memory.getLong(base + TOP);
    for (long block = BLOCKS; block < top; ) {
      long bytes = memory.getLong(base + block);
      Map<Long, Long> counts = memory.getLong(base + block + 8) == USED ? used : free;
      counts.merge(bytes, 1L, Long::sum);
      block += bytes;
    }
    return new PoolStructure(
        info,
        state(info),
        roots(memory, base),
        used,
        free,
        extents(memory, base, TWINS_OFFSET + 2 * info.twinBytes()),
        recovery(memory, info, top));
  }

  private static String state(PoolInfo info) {
    String state =
        switch (info.protocol()) {
          case PING_PONG -> "twin " + info.committedTwin() + " committed";
          case ROMULUS ->
              info.committedTwin() == 1 ? "MUTATING" : info.sequence() == 0 ? "IDLE" : "COPYING";
        };
    return state + ", " + info.sequence() + " commits";
  }

  private static List<Root> roots(PersistentMemory memory, long base) {
    List<Root> roots = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      long entry = base + ROOTS + 64L * i;
      long ref = memory.getLong(entry);
      if (ref != 0) {
        byte[] name = new byte[56];
        memory.read(entry + 8, name, 0, 56);
        roots.add(
            new Root(
                new String(name, 1, name[0], StandardCharsets.UTF_8),
                ref,
                memory.getLong(base + ref - 16) - 16));
      }
    }
    return roots;
  }

  private static List<Run> extents(PersistentMemory memory, long base, long area) {
    long map = base + memory.getLong(base + MAP_REF);
    long pages = memory.getLong(base + AREA_PAGES);
    long words = (pages + 63) / 64;
    List<Run> extents = new ArrayList<>();
    long first = -1;
    for (long page = 0; page <= pages; page++) {
      boolean taken = page < pages && bit(memory, map, page);
      boolean begins = taken && bit(memory, map + 8 * words, page);
      if (first >= 0 && (!taken || begins)) {
        extents.add(new Run(area + first * 4096, (page - first) * 4096));
        first = -1;
      }
      if (begins) {
        first = page;
      }
    }
    return extents;
  }

  private static boolean bit(PersistentMemory memory, long map, long page) {
    return (memory.getLong(map + 8 * (page / 64)) >>> (page % 64) & 1) != 0;
  }

  private static Recovery recovery(PersistentMemory memory, PoolInfo info, long top) {
    int from = info.committedTwin();
    long source = TWINS_OFFSET + from * info.twinBytes();
    long target = TWINS_OFFSET + (1 - from) * info.twinBytes();
    long copied = (top + 63) & -64;
    long differing = 0;
    for (long line = 0; line < copied; line += 64) {
      boolean same = true;
      for (long at = line; at < line + 64 && same; at += 8) {
        same = memory.getLong(source + at) == memory.getLong(target + at);
      }
      differing += same ? 0 : 1;
    }
    return new Recovery(from, 1 - from, copied, differing);
  }
}
