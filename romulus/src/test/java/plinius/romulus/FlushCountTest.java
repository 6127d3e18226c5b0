package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.testkit.FlushLint;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * What a transaction costs, exactly: fences and lines written back, none of them for nothing, and
 * nothing that is promised before it is durable.
 */
class FlushCountTest {
  private static final int TWIN_BYTES = 64 << 10;
  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + (64 << 10);

  private static SimulatedMemory memory(Protocol protocol) {
    SimulatedMemory fresh = new SimulatedMemory(POOL_BYTES, Granularity.LINE);
    Pool.format(fresh, Story.IDENTITY, protocol, TWIN_BYTES);
    return new SimulatedMemory(fresh.visible(), Granularity.LINE, Tearing.LINES);
  }

  /** A block of {@code lines} lines, of which each transaction stores to all. */
  private static List<FlushLint.Interval> transactions(Protocol protocol, int lines) {
    SimulatedMemory memory = memory(protocol);
    Pool pool = Pool.open(memory);
    long[] block = new long[1];
    pool.update(
        tx -> {
          block[0] = tx.alloc(64L * lines + 64) + 63 & -64;
          return null;
        });
    pool.update(tx -> store(tx, block[0], lines, 0));
    memory.mark(0);
    for (int i = 1; i <= 3; i++) {
      int value = i;
      pool.update(tx -> store(tx, block[0], lines, value));
      memory.mark(i);
    }
    return FlushLint.intervals(memory.trace()).subList(1, 4);
  }

  /** More stores than the log has room for, and other lines between two stores to the same one. */
  private static Void store(Tx tx, long block, int lines, int value) {
    for (int pass = 0; pass < 2100 / lines; pass++) {
      for (int line = 0; line < lines; line++) {
        tx.setLong(block + 64L * line, value);
        tx.setLong(block + 64L * line + 8, pass); // the same line: not written back again
      }
    }
    return null;
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_transaction_costs_one_or_two_fences_and_two_write_backs_a_line(Protocol protocol) {
    boolean classic = protocol == Protocol.ROMULUS;
    for (int lines : new int[] {1, 5, 6, 10, 11, 40}) {
      // The lines of the last transaction and of this one: of both at once in the one protocol, of
      // one after the other in the other one.
      boolean witnessed = (classic ? lines : 2 * lines) <= Witness.LINES_MAX;
      for (FlushLint.Interval tx : transactions(protocol, lines)) {
        assertThat(tx.fences())
            .as("fences of %d lines", lines)
            .isEqualTo((witnessed ? 1L : 2L) * (classic ? 2 : 1));
        // Each line of the last transaction in the one twin, of this one in the other; the word or
        // the witness.
        assertThat(tx.writtenBackLines())
            .as("lines written back")
            .isEqualTo(2L * lines + (classic ? 2 : 1));
        assertThat(tx.redundantLines()).as("twice").isZero();
        assertThat(tx.cleanLines()).as("durable already").isZero();
        assertThat(tx.unfencedLines()).as("promised and not durable").isEmpty();
        assertThat(tx.handOvers()).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void ranges_that_meet_or_overlap_are_written_back_once(Protocol protocol) {
    SimulatedMemory memory = memory(protocol);
    Pool pool = Pool.open(memory);
    long block = pool.update(tx -> tx.alloc(64 * 100) + 63 & -64);
    for (int i = 1; i <= 3; i++) {
      byte[] bytes = Story.filled(64 * 30, i);
      pool.update(
          tx -> {
            tx.setLong(block + 64L * 35, 0); // a line within a later range
            for (int line : new int[] {0, 30, 50, 20, 35}) {
              tx.write(block + 64L * line, bytes, 0, bytes.length);
            }
            return null;
          });
      memory.mark(i);
    }
    for (FlushLint.Interval tx : FlushLint.intervals(memory.trace()).subList(1, 3)) {
      assertThat(tx.writtenBackLines())
          .as("80 lines in each twin, and the word")
          .isEqualTo(160L + (protocol == Protocol.ROMULUS ? 2 : 1));
      assertThat(tx.redundantLines()).as("twice").isZero();
      assertThat(tx.unfencedLines()).as("promised and not durable").isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_story_with_blocks_and_extents_promises_nothing_that_is_not_durable(Protocol protocol) {
    SimulatedMemory memory = memory(protocol);
    Pool pool = Pool.open(memory);
    for (int i = 0; i < 12; i++) {
      memory.mark(Story.step(pool));
    }
    List<FlushLint.Interval> steps = FlushLint.intervals(memory.trace());
    assertThat(steps).allSatisfy(tx -> assertThat(tx.unfencedLines()).isEmpty());
    assertThat(steps.subList(1, 12))
        .allSatisfy(
            tx -> {
              assertThat(tx.redundantLines()).isLessThan(tx.storedLines());
              assertThat(tx.cleanLines()).isZero();
              // Extents have no witness; what back is owed in the classic protocol may have one.
              assertThat(tx.fences()).isBetween(2L, protocol == Protocol.ROMULUS ? 4L : 2L);
            });
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_transaction_that_stores_nothing_costs_nothing(Protocol protocol) {
    SimulatedMemory memory = memory(protocol);
    Pool pool = Pool.open(memory);
    Story.step(pool);
    pool.update(_ -> null);
    memory.mark(1);
    pool.update(_ -> null);
    pool.read(Story::check);
    memory.mark(2);

    FlushLint.Interval idle = FlushLint.intervals(memory.trace()).get(1);

    assertThat(idle.fences() + idle.writtenBackLines() + idle.storedLines()).isZero();
  }
}
