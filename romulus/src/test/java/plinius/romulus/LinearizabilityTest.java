package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.locks.LockSupport;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import plinius.pmem.PersistentMemory;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * Readers beside writers, stressed and judged by Lincheck: whatever the interleaving, the answers
 * are those of some order of the calls, one after the other. A reader answers with what lies in
 * both lines of a block and in an extent, which is freed and written anew in every transaction: so
 * a state that is not committed, a twin that changes under a reader, and an extent that is reused
 * before its readers have left give an answer that no order explains.
 */
class LinearizabilityTest {
  private static final int TWIN_BYTES = 8192;
  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + 3 * 4096;

  /** A counter in a pool. */
  public static class PingPong {
    private final Counter counter = new Counter(Protocol.PING_PONG, new Readers());

    @Operation
    public int add() {
      return counter.add();
    }

    @Operation
    public int get() {
      return counter.get();
    }
  }

  /** The same, in the paper's protocol. */
  public static class Classic {
    private final Counter counter = new Counter(Protocol.ROMULUS, new Readers());

    @Operation
    public int add() {
      return counter.add();
    }

    @Operation
    public int get() {
      return counter.get();
    }
  }

  /** One that does not wait for readers: a mutant. */
  public static class Hasty {
    private final Counter counter =
        new Counter(
            Protocol.PING_PONG,
            new Readers() {
              @Override
              void drain(int twin) {}
            });

    @Operation
    public int add() {
      return counter.add();
    }

    @Operation
    public int get() {
      return counter.get();
    }
  }

  private static final class Counter {
    private final Pool pool;

    Counter(Protocol protocol, Readers readers) {
      SimulatedMemory fresh = new SimulatedMemory(POOL_BYTES, Granularity.LINE);
      Pool.format(fresh, Story.IDENTITY, protocol, TWIN_BYTES);
      PersistentMemory memory =
          new SimulatedMemory(fresh.visible(), Granularity.LINE, Tearing.LINES);
      pool = Pool.open(memory, readers, Long.MAX_VALUE);
      pool.update(
          tx -> {
            long block = tx.alloc(80 + 64);
            tx.setRoot("counter", block);
            return write(tx, block, 0);
          });
    }

    int add() {
      return pool.update(
          tx -> {
            long block = tx.root("counter");
            int next = (int) tx.getLong(block) + 1;
            tx.freeExtent(extent(tx, block));
            return write(tx, block, next);
          });
    }

    private static int write(Tx tx, long block, int value) {
      Extent extent = tx.allocExtent(8);
      tx.writeExtent(extent, 0, Story.filled(8, value), 0, 8);
      tx.setLong(block, value);
      tx.setLong(block + 8, extent.offset());
      tx.setLong(block + 128, value); // another line
      return value;
    }

    /** The value; a negative number if it is torn. */
    int get() {
      return pool.read(
          tx -> {
            long block = tx.root("counter");
            long first = tx.getLong(block);
            LockSupport.parkNanos(1); // long enough for writers to come by
            byte[] bytes = new byte[8];
            tx.readExtent(extent(tx, block), 0, bytes, 0, 8);
            long last = tx.getLong(block + 128);
            return first == last && bytes[0] == (byte) first && bytes[7] == bytes[0]
                ? (int) first
                : -1;
          });
    }

    private static Extent extent(ReadTx tx, long block) {
      return new Extent(tx.getLong(block + 8), 8);
    }
  }

  private static Options<?, ?> stress(int iterations) {
    return new StressOptions()
        .iterations(iterations)
        .invocationsPerIteration(200)
        .threads(3)
        .actorsPerThread(3)
        .minimizeFailedScenario(false);
  }

  @Test
  void readers_and_writers_are_linearizable_under_stress() {
    stress(5).check(PingPong.class);
    stress(5).check(Classic.class);
  }

  @Test
  void a_writer_that_does_not_wait_for_readers_is_noticed() {
    assertThatThrownBy(() -> stress(50).check(Hasty.class))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Invalid execution results");
  }

  @Tag("long")
  @Test
  void readers_and_writers_are_linearizable_under_much_stress() {
    stress(200).check(PingPong.class);
    stress(200).check(Classic.class);
  }
}
