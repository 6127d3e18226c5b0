package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import plinius.pmem.PersistentMemory;
import plinius.testkit.CrashTester;
import plinius.testkit.FlushLint;
import plinius.testkit.Granularity;
import plinius.testkit.Lives;
import plinius.testkit.Promise;
import plinius.testkit.Recovery;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * The example of the test kit: a user of the library has built a queue in a pool, and tests that no
 * crash loses or tears it. What is in the queue says how many numbers were put in and taken out, so
 * that every state has a number of its own.
 */
class QueueExampleTest {

  // The structure of the user: a list of blocks in a root, [first, last, put, taken].

  /** Puts the next number in; from the third on the oldest one is taken out as well. */
  static int put(Tx tx) {
    long queue = tx.root("queue");
    if (queue == 0) {
      queue = tx.alloc(32);
      tx.setRoot("queue", queue);
    }
    long put = tx.getLong(queue + 16) + 1;
    long block = tx.alloc(16); // number, next
    tx.setLong(block, put);
    long last = tx.getLong(queue + 8);
    if (last == 0) {
      tx.setLong(queue, block);
    } else {
      tx.setLong(last + 8, block);
    }
    tx.setLong(queue + 8, block);
    tx.setLong(queue + 16, put);
    if (put >= 3) {
      long first = tx.getLong(queue);
      tx.setLong(queue, tx.getLong(first + 8));
      tx.setLong(queue + 24, tx.getLong(queue + 24) + 1);
      tx.free(first);
    }
    return (int) put;
  }

  /** How many numbers were put in; throws if those in the queue are not the ones that must be. */
  static int check(ReadTx tx) {
    long queue = tx.root("queue");
    if (queue == 0) {
      return 0;
    }
    long put = tx.getLong(queue + 16);
    long taken = tx.getLong(queue + 24);
    assertThat(taken).isEqualTo(Math.max(0, put - 2));
    long expected = taken;
    for (long block = tx.getLong(queue); block != 0; block = tx.getLong(block + 8)) {
      assertThat(tx.getLong(block)).isEqualTo(++expected);
    }
    assertThat(expected).isEqualTo(put);
    return (int) put;
  }

  // Its tests.

  private static final int TWIN_BYTES = 8192;

  private static byte[] empty() {
    SimulatedMemory memory = new SimulatedMemory(8192 + 2 * TWIN_BYTES + 4096, Granularity.LINE);
    Pool.format(memory, PoolIdentity.NOBODY, Protocol.PING_PONG, TWIN_BYTES);
    return memory.visible();
  }

  /** After a crash: the queue is whole, and three more numbers go in. */
  private static int recover(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    int found = pool.read(QueueExampleTest::check);
    for (int i = 0; i < 3; i++) {
      promise.kept(pool.update(QueueExampleTest::put));
    }
    assertThat(pool.<Integer>read(QueueExampleTest::check)).isEqualTo(found + 3);
    return found;
  }

  private static void putFour(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    for (int i = 0; i < 4; i++) {
      promise.kept(pool.update(QueueExampleTest::put));
    }
  }

  @Test
  void no_crash_loses_or_tears_the_queue_nor_one_while_it_recovers() {
    CrashTester.Report report =
        new CrashTester(QueueExampleTest::recover)
            .limit(100)
            .lazily()
            .depth(1, 1000)
            .test(empty(), Granularity.LINE, Tearing.WORDS, QueueExampleTest::putFour);

    assertThat(report.exhaustive()).isTrue();
    assertThat(report.images()).isGreaterThan(500);
  }

  @Test
  void on_an_ordinary_file_it_survives_as_well() {
    new CrashTester(QueueExampleTest::recover)
        .lazily()
        .test(empty(), Granularity.PAGE, Tearing.LINES, QueueExampleTest::putFour);
  }

  @Test
  void it_lives_on_through_crash_after_crash_with_three_threads() {
    Lives.Report report =
        new Lives(
                memory -> {
                  Pool pool = Pool.open(memory);
                  return () -> pool.update(QueueExampleTest::put);
                },
                (memory, _) -> Pool.open(memory).read(QueueExampleTest::check))
            .threads(3)
            .transactions(10)
            .live(empty(), 10);

    assertThat(report.transactions()).isEqualTo(300);
  }

  @Test
  void each_transaction_makes_durable_what_it_promises_and_no_clean_line() {
    SimulatedMemory memory = new SimulatedMemory(empty(), Granularity.LINE, Tearing.WORDS);
    putFour(memory, memory::mark);

    assertThat(FlushLint.intervals(memory.trace()))
        .hasSize(4)
        .allSatisfy(tx -> assertThat(tx.unfencedLines()).isEmpty())
        .last()
        .satisfies(tx -> assertThat(tx.cleanLines()).isZero())
        .satisfies(tx -> assertThat(tx.fences()).isEqualTo(1));
  }

  @Test
  void a_queue_that_takes_two_transactions_for_one_step_is_found_out() {
    Recovery recovery = (memory, _) -> Pool.open(memory).read(QueueExampleTest::check);

    assertThatThrownBy(
            () ->
                new CrashTester(recovery)
                    .limit(100)
                    .lazily()
                    .test(
                        empty(),
                        Granularity.LINE,
                        Tearing.LINES,
                        (memory, promise) -> {
                          Pool pool = Pool.open(memory);
                          promise.kept(pool.update(QueueExampleTest::put));
                          // The number first, the block that holds it in a second transaction.
                          pool.update(
                              tx -> {
                                tx.setLong(tx.root("queue") + 16, 2);
                                return null;
                              });
                          pool.update(
                              tx -> {
                                tx.setLong(tx.root("queue") + 16, 1);
                                return put(tx);
                              });
                          promise.kept(2);
                        }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed");
  }
}
