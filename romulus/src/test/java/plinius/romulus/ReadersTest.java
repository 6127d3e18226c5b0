package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;

/**
 * Threads of the machine beside each other on a mapped file: a writer moves amounts between words
 * and changes nothing about their sum, replaces an extent, and takes some of it back; readers see a
 * whole state, and never an older one than before.
 */
class ReadersTest {
  private static final int WORDS = 64;
  private static final int READERS = 3;
  private static final long SUM = 1_000_000;

  /** State, offset of the extent, then the words, a line each. */
  private static long make(Tx tx) {
    long block = tx.alloc(64L * (WORDS + 1));
    tx.setRoot("words", block);
    tx.setLong(block + 64, SUM);
    replaceExtent(tx, block, 0);
    return block;
  }

  private static void replaceExtent(Tx tx, long block, long state) {
    if (tx.getLong(block + 8) != 0) {
      tx.freeExtent(new Extent(tx.getLong(block + 8), 64));
    }
    Extent extent = tx.allocExtent(64);
    tx.writeExtent(extent, 0, Story.filled(64, (int) state), 0, 64);
    tx.setLong(block + 8, extent.offset());
  }

  private static Void move(Tx tx, long block) {
    long state = tx.getLong(block) + 1;
    tx.setLong(block, state);
    for (int i = 0; i < 8; i++) {
      long from = block + 64 + 64 * (state * 7 + i * 5L) % (64 * WORDS);
      long to = block + 64 + 64 * (state * 3 + i * 11L) % (64 * WORDS);
      long amount = tx.getLong(from) / 2 + 1;
      tx.setLong(from, tx.getLong(from) - amount);
      tx.setLong(to, tx.getLong(to) + amount);
    }
    replaceExtent(tx, block, state);
    if (state % 4 == 0 && tx.getLong(block + 64) % 2 == 0) {
      tx.setLong(block + 64, 0);
      tx.abort();
    }
    return null;
  }

  /** The state that a reader sees. */
  private static long look(ReadTx tx, long block) {
    long state = tx.getLong(block);
    long sum = 0;
    for (int word = 1; word <= WORDS; word++) {
      sum += tx.getLong(block + 64L * word);
    }
    byte[] bytes = new byte[64];
    tx.readExtent(new Extent(tx.getLong(block + 8), 64), 0, bytes, 0, 64);
    assertThat(sum).as("sum in state %d", state).isEqualTo(SUM);
    assertThat(bytes).as("extent of state %d", state).containsOnly((byte) state);
    assertThat(tx.getLong(block)).isEqualTo(state);
    return state;
  }

  private static int readUntil(AtomicBoolean over, Pool pool, long block) {
    long seen = 0;
    int different = 0;
    while (!over.get()) {
      long state = pool.read(tx -> look(tx, block));
      assertThat(state).isGreaterThanOrEqualTo(seen);
      different += state > seen ? 1 : 0;
      seen = state;
    }
    return different;
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void readers_beside_a_writer_see_whole_states_in_their_order(
      Protocol protocol, @TempDir Path folder)
      throws IOException, InterruptedException, ExecutionException {
    try (PersistentMemory memory = RealFile.open(folder);
        ExecutorService executor = Executors.newFixedThreadPool(READERS)) {
      Pool pool = Pool.format(memory, Story.IDENTITY, protocol, RealFile.TWIN_BYTES);
      long block = pool.update(ReadersTest::make);
      AtomicBoolean over = new AtomicBoolean();
      List<Future<Integer>> readers = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        readers.add(executor.submit(() -> readUntil(over, pool, block)));
      }
      int updates = memory.medium().kind() == Medium.Kind.FILE ? 100 : 1_000;
      long aborted = 0;
      try {
        for (int i = 0; i < updates; i++) {
          try {
            pool.update(tx -> move(tx, block));
          } catch (PoolException.Aborted expected) {
            aborted++;
            pool.update(tx -> next(tx, block));
          }
        }
      } finally {
        over.set(true);
      }
      for (Future<Integer> reader : readers) {
        assertThat(reader.get()).as("states that a reader saw").isPositive();
      }
      assertThat(aborted).isPositive();
      assertThat(pool.stats().aborts()).isEqualTo(aborted);
      assertThat(pool.<Long>read(tx -> look(tx, block))).isEqualTo(updates);
    }
  }

  /** A state that moves nothing. */
  private static Void next(Tx tx, long block) {
    long state = tx.getLong(block) + 1;
    tx.setLong(block, state);
    replaceExtent(tx, block, state);
    return null;
  }
}
