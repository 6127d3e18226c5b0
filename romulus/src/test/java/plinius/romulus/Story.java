package plinius.romulus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import plinius.pmem.PersistentMemory;
import plinius.testkit.Promise;

/**
 * The structure that the crash tests keep in a pool: a step counter, a list of blocks and a list of
 * extents, all filled from the step that wrote them, so that any state says which one it is and
 * whether it is whole.
 */
final class Story {
  static final int SMALL_TWIN_BYTES = 8192;
  static final int EXTENT_PAGES = 4;
  static final int POOL_BYTES = 8192 + 2 * SMALL_TWIN_BYTES + EXTENT_PAGES * 4096;
  static final PoolIdentity IDENTITY = new PoolIdentity("01".repeat(16), "02".repeat(16));

  /** So that what is written to its end lies in two lines. */
  private static final int EXTENT_BYTES = 4096 + 72;

  static final int SLOTS = 4;

  /** Lines of the root that large transactions write to and nobody reads. */
  static final int SCRATCH = 16 * 64;

  static final int SCRATCH_OFFSET = 64 + SLOTS * 64;

  /** A line that says how many ticks there were, and two that take turns in saying it. */
  private static final int TICKS_OFFSET = SCRATCH_OFFSET + SCRATCH;

  private Story() {}

  static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /**
   * The next step: a block more (every third step one less), a fresh extent in the place of the old
   * one.
   */
  static int step(Pool pool) {
    return pool.update(Story::step);
  }

  static int step(Tx tx) {
    long root = tx.root("story");
    if (root == 0) {
      // Step, newest block, extent; then lines of their own, of which each step changes one.
      root = tx.alloc(TICKS_OFFSET + 3 * 64);
      tx.setRoot("story", root);
    }
    int step = (int) tx.getLong(root) + 1;
    tx.setLong(root, step);
    tx.setLong(root + 64 + 64L * (step % SLOTS), step);
    if (step % 3 == 0) {
      long newest = tx.getLong(root + 8);
      tx.setLong(root + 8, tx.getLong(newest));
      tx.free(newest);
    } else {
      long block = tx.alloc(24); // older block, step, check
      tx.setLong(block, tx.getLong(root + 8));
      tx.setLong(block + 8, step);
      tx.write(block + 16, filled(8, step), 0, 8);
      tx.setLong(root + 8, block);
    }
    if (tx.getLong(root + 16) != 0) {
      tx.freeExtent(new Extent(tx.getLong(root + 16), tx.getLong(root + 24)));
    }
    Extent extent = tx.allocExtent(EXTENT_BYTES);
    // Both ends, so that both pages are written.
    tx.writeExtent(extent, 0, filled(16, step), 0, 16);
    tx.writeExtent(extent, EXTENT_BYTES - 16, filled(16, step), 0, 16);
    tx.setLong(root + 16, extent.offset());
    tx.setLong(root + 24, extent.bytes());
    return step + ticks(tx);
  }

  /** A transaction between steps, so small that a witness may speak of it: two lines. */
  static int tick(Pool pool) {
    return pool.update(Story::tick);
  }

  static int tick(Tx tx) {
    long place = tx.root("story") + TICKS_OFFSET;
    int ticks = ticks(tx) + 1;
    tx.setLong(place, ticks);
    tx.setLong(place + 64 + 64L * (ticks % 2), ticks);
    return steps(tx) + ticks;
  }

  private static int ticks(ReadTx tx) {
    return (int) tx.getLong(tx.root("story") + TICKS_OFFSET);
  }

  private static int steps(ReadTx tx) {
    return tx.root("story") == 0 ? 0 : (int) tx.getLong(tx.root("story"));
  }

  /** How many steps and ticks the pool holds; throws if it is not whole. */
  static int check(Pool pool) {
    return pool.read(Story::check);
  }

  static int check(ReadTx tx) {
    long root = tx.root("story");
    if (root == 0) {
      return 0;
    }
    int step = (int) tx.getLong(root);
    List<Long> found = new ArrayList<>();
    byte[] bytes = new byte[8];
    for (long block = tx.getLong(root + 8); block != 0; block = tx.getLong(block)) {
      found.addFirst(tx.getLong(block + 8));
      tx.read(block + 16, bytes, 0, 8);
      require(Arrays.equals(bytes, filled(8, (int) tx.getLong(block + 8))), "a block is torn");
      require(found.size() <= step, "the blocks form a ring");
    }
    List<Long> expected = new ArrayList<>();
    for (long s = 1; s <= step; s++) {
      if (s % 3 == 0) {
        expected.removeLast();
      } else {
        expected.add(s);
      }
    }
    require(found.equals(expected), "blocks of steps " + found + ", not " + expected);
    for (int s = Math.max(1, step - SLOTS + 1); s <= step; s++) {
      require(tx.getLong(root + 64 + 64L * (s % SLOTS)) == s, "the line of step " + s + " is lost");
    }
    Extent extent = new Extent(tx.getLong(root + 16), tx.getLong(root + 24));
    byte[] end = new byte[16];
    for (long offset : new long[] {0, EXTENT_BYTES - 16}) {
      tx.readExtent(extent, offset, end, 0, 16);
      require(
          Arrays.equals(end, filled(16, step)),
          "the extent of step " + step + " holds " + end[0] + " at " + offset);
    }
    int ticks = ticks(tx);
    for (int t = Math.max(0, ticks - 1); t <= ticks; t++) {
      require(tx.getLong(root + TICKS_OFFSET + 64 + 64L * (t % 2)) == t, "tick " + t + " is torn");
    }
    return step + ticks;
  }

  /** The extent of the newest step. */
  static Extent extent(ReadTx tx) {
    long root = tx.root("story");
    return new Extent(tx.getLong(root + 16), tx.getLong(root + 24));
  }

  /**
   * Opens what a crash left, checks it, the twins that its recovery makes equal, and its allocator,
   * and goes on for three transactions; returns what the image held.
   */
  static int checkAndContinue(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    int found = check(pool);
    pool.update(_ -> 0); // recovers
    checkTwins(memory, pool);
    for (int i = 1; i <= 3; i++) {
      // Every other time all of them are steps.
      promise.kept(found % 2 == 0 || i == 1 ? step(pool) : tick(pool));
      require(check(pool) == found + i, "the story does not go on");
    }
    checkAllocator(pool);
    return found;
  }

  /** Between two updates of which the later one changed nothing, the twins are equal. */
  static void checkTwins(PersistentMemory memory, Pool pool) {
    PoolInfo info = pool.info();
    long committed = 8192 + info.committedTwin() * info.twinBytes();
    long other = 8192 + (1 - info.committedTwin()) * info.twinBytes();
    byte[][] twins = new byte[2][Math.toIntExact(memory.getLong(committed + Heap.TOP_OFFSET))];
    memory.read(committed, twins[0], 0, twins[0].length);
    memory.read(other, twins[1], 0, twins[1].length);
    int differs = Arrays.mismatch(twins[0], twins[1]);
    require(differs < 0, "the twins differ at " + differs + " after recovery");
  }

  static void checkAllocator(Pool pool) {
    PoolInfo info = pool.info(); // walks blocks, lists and maps
    check(pool);
    int step = pool.read(Story::steps);
    require(
        info.extentCount() == (step == 0 ? 0 : 1),
        info.extentCount() + " extents after step " + step);
    // The map, the root and the blocks: nothing has leaked.
    int blocks = 0;
    for (int s = 1; s <= step; s++) {
      blocks += s % 3 == 0 ? -1 : 1;
    }
    long expected = 32 + (step == 0 ? 0 : 1792) + 48L * blocks;
    require(
        info.heapUsedBytes() == expected,
        info.heapUsedBytes() + " bytes in blocks, not " + expected);
  }

  static void require(boolean sound, String what) {
    if (!sound) {
      throw new AssertionError(what);
    }
  }
}
