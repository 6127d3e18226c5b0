package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PersistentMemory;
import plinius.testkit.CrashTester;
import plinius.testkit.Granularity;
import plinius.testkit.Lives;
import plinius.testkit.OrderingSites;
import plinius.testkit.Promise;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Turns;

/**
 * Long histories of a pool, crash after crash: several threads in turns that a seed repeats, blocks
 * of all sizes and extents that come and go, large and small transactions, aborts, readers beside
 * them, who lose their turn in the middle of what they read. What the pool must hold follows from
 * the number of its state alone.
 */
@ParameterizedClass
@EnumSource(Protocol.class)
class HistoryTest {
  private static final int TWIN_BYTES = 32 << 10;
  private static final int EXTENT_PAGES = 16;
  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + EXTENT_PAGES * 4096;
  private static final int BLOCKS = 8;
  private static final int EXTENTS = 3;

  @Parameter Protocol protocol;

  /** The bytes of the block or extent that was made for this state. */
  private static byte[] content(int state, int bytesMax) {
    Random random = new Random(0x9E3779B9L * state + 7);
    byte[] bytes = new byte[1 + random.nextInt(bytesMax)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] block(int state) {
    return content(state, state % 7 == 0 ? 2000 : 100);
  }

  private static byte[] extent(int state) {
    return content(state, 6000);
  }

  /** The next state: one block and every other time one extent take the place of an older one. */
  private static int step(Tx tx) {
    long root = tx.root("history"); // state, blocks, extents (offset, bytes)
    if (root == 0) {
      root = tx.alloc(8 + 8 * BLOCKS + 16 * EXTENTS);
      tx.setRoot("history", root);
    }
    int state = (int) tx.getLong(root) + 1;
    tx.setLong(root, state);
    long slot = root + 8 + 8L * (state % BLOCKS);
    if (tx.getLong(slot) != 0) {
      tx.free(tx.getLong(slot));
    }
    byte[] bytes = block(state);
    long block = tx.alloc(bytes.length);
    tx.write(block, bytes, 0, bytes.length);
    tx.setLong(slot, block);
    if (state % 2 == 0) {
      replaceExtent(tx, root + 8 + 8 * BLOCKS + 16L * (state / 2 % EXTENTS), extent(state));
    }
    return state;
  }

  private static void replaceExtent(Tx tx, long slot, byte[] bytes) {
    if (tx.getLong(slot) != 0) {
      tx.freeExtent(new Extent(tx.getLong(slot), tx.getLong(slot + 8)));
    }
    Extent extent = tx.allocExtent(bytes.length);
    tx.writeExtent(extent, 0, bytes, 0, bytes.length);
    tx.setLong(slot, extent.offset());
    tx.setLong(slot + 8, extent.bytes());
  }

  /** Readers for whom a writer waits by passing its turn on, and not by the clock. */
  private static class Readings extends Readers {
    private final AtomicInteger inside = new AtomicInteger();

    final int check(Pool pool) {
      return pool.read(
          tx -> {
            inside.incrementAndGet();
            try {
              return HistoryTest.check(tx);
            } finally {
              inside.decrementAndGet();
            }
          });
    }

    @Override
    void drain(int twin) {
      while (inside.get() != 0) {
        Turns.pass();
      }
      super.drain(twin);
    }
  }

  /** For whom it does not wait: a mutant. */
  private static final class Overlooked extends Readings {
    @Override
    void drain(int twin) {}
  }

  /** The state that the pool holds, every byte of which is as it must be. */
  private static int check(ReadTx tx) {
    long root = tx.root("history");
    if (root == 0) {
      return 0;
    }
    int state = (int) tx.getLong(root);
    for (int made = Math.max(1, state - BLOCKS + 1); made <= state; made++) {
      byte[] wanted = block(made);
      byte[] found = new byte[wanted.length];
      tx.read(tx.getLong(root + 8 + 8L * (made % BLOCKS)), found, 0, found.length);
      Turns.pass();
      assertThat(found).as("block of %d in state %d", made, state).isEqualTo(wanted);
    }
    for (int made = state / 2 * 2; made > 0 && made > state - 2 * EXTENTS; made -= 2) {
      byte[] wanted = extent(made);
      byte[] found = new byte[wanted.length];
      long slot = root + 8 + 8 * BLOCKS + 16L * (made / 2 % EXTENTS);
      tx.readExtent(new Extent(tx.getLong(slot), tx.getLong(slot + 8)), 0, found, 0, found.length);
      assertThat(found).as("extent of %d in state %d", made, state).isEqualTo(wanted);
    }
    return state;
  }

  /** A transaction, sometimes after one that is taken back, and a look at what is committed. */
  private static IntSupplier open(PersistentMemory memory, Readings readers) {
    // A small cut-over, so that large transactions meet it.
    Pool pool = Pool.open(memory, readers, 1024);
    return () -> {
      int before = readers.check(pool);
      if (before % 5 == 4) {
        assertThatThrownBy(
                () ->
                    pool.update(
                        tx -> {
                          step(tx);
                          tx.abort();
                          return null;
                        }))
            .isInstanceOf(PoolException.Aborted.class);
      }
      int state = pool.update(HistoryTest::step);
      assertThat(state).isGreaterThan(before);
      return state;
    };
  }

  private static int recover(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    int found = pool.read(HistoryTest::check);
    pool.update(_ -> 0);
    Story.checkTwins(memory, pool);
    for (int i = 1; i <= 3; i++) {
      promise.kept(pool.update(HistoryTest::step));
    }
    assertThat(pool.<Integer>read(HistoryTest::check)).isEqualTo(found + 3);
    PoolInfo info = pool.info(); // walks blocks, lists and maps
    assertThat(info.extentCount()).isEqualTo(Math.min(EXTENTS, (found + 3) / 2));
    return found;
  }

  private byte[] formatted() {
    SimulatedMemory memory = new SimulatedMemory(POOL_BYTES, Granularity.LINE);
    Pool.format(memory, Story.IDENTITY, protocol, TWIN_BYTES);
    return memory.visible();
  }

  private static Lives lives(UnaryOperator<PersistentMemory> seam) {
    return new Lives(memory -> open(seam.apply(memory), new Readings()), HistoryTest::recover);
  }

  @Test
  void a_history_of_one_thread_goes_on_through_crash_after_crash() {
    Lives.Report report = lives(m -> m).transactions(30).instants(10, 4).live(formatted(), 8);
    assertThat(report.images()).isGreaterThan(100);
  }

  @Test
  void a_history_of_four_threads_goes_on_through_crash_after_crash() {
    Lives.Report report =
        lives(m -> m).threads(4).transactions(8).instants(10, 4).live(formatted(), 8);
    assertThat(report.images()).isGreaterThan(100);
  }

  @Test
  void on_an_ordinary_file_it_goes_on_as_well() {
    lives(m -> m)
        .granularity(Granularity.PAGE)
        .threads(2)
        .transactions(8)
        .instants(8, 4)
        .live(formatted(), 4);
  }

  @Test
  void a_history_of_a_pool_whose_fences_do_nothing_ends() {
    OrderingSites sites = new OrderingSites(Pool.class);
    Lives lives =
        lives(memory -> sites.dropping(memory, place -> place.startsWith("pfence")))
            .threads(4)
            .transactions(8)
            .instants(10, 4);
    assertThatThrownBy(() -> lives.live(formatted(), 5)).isInstanceOf(AssertionError.class);
  }

  @Test
  void a_history_whose_writers_do_not_wait_for_readers_ends() {
    Lives lives =
        new Lives(memory -> open(memory, new Overlooked()), HistoryTest::recover)
            .threads(4)
            .transactions(8)
            .instants(2, 2);
    assertThatThrownBy(() -> lives.live(formatted(), 8)).isInstanceOf(AssertionError.class);
  }

  @Tag("long")
  @Test
  void ten_thousand_transactions_of_one_to_eight_threads_survive_hundreds_of_crashes() {
    long transactions = 0;
    for (int threads = 1; threads <= 8; threads++) {
      transactions +=
          lives(m -> m)
              .seed(CrashTester.seed() + threads)
              .threads(threads)
              .transactions(50 / threads)
              .instants(20, 12)
              .live(formatted(), 32)
              .transactions();
    }
    assertThat(transactions).isGreaterThan(10_000);
  }
}
