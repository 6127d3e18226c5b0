package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.testkit.ForwardingMemory;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

@ParameterizedClass
@EnumSource(Protocol.class)
class PoolTest {
  private static final int TWIN_BYTES = 64 << 10;
  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + (200 << 10);
  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));

  private final SimulatedMemory memory =
      new SimulatedMemory(new byte[POOL_BYTES], Granularity.LINE, Tearing.LINES);
  private final Protocol protocol;
  private final Pool pool;

  PoolTest(Protocol protocol) {
    this.protocol = protocol;
    this.pool = Pool.format(memory, Story.IDENTITY, protocol, TWIN_BYTES);
  }

  @Test
  void what_was_committed_is_found_again() {
    Extent extent =
        pool.update(
            tx -> {
              long ref = tx.alloc(100);
              tx.setLong(ref, 1L << 40);
              tx.setInt(ref + 8, -5);
              tx.write(ref + 13, new byte[] {1, 2, 3, 4}, 1, 3);
              tx.setRoot("a name, ü", ref);
              Extent e = tx.allocExtent(10_000);
              tx.writeExtent(e, 5_000, Story.filled(5_000, 9), 0, 5_000);
              return e;
            });

    Pool again = Pool.open(memory);

    again.read(
        tx -> {
          long ref = tx.root("a name, ü");
          byte[] bytes = new byte[4];
          tx.read(ref + 13, bytes, 0, 4);
          assertThat(tx.getLong(ref)).isEqualTo(1L << 40);
          assertThat(tx.getInt(ref + 8)).isEqualTo(-5);
          assertThat(bytes).containsExactly(2, 3, 4, 0);
          byte[] end = new byte[5_000];
          tx.readExtent(extent, 5_000, end, 0, 5_000);
          assertThat(end).isEqualTo(Story.filled(5_000, 9));
          assertThat(tx.root("another")).isZero();
          return null;
        });
    assertThat(again.info().roots()).containsExactly("a name, ü");
    assertThat(again.info().extentUsedBytes()).isEqualTo(3 * 4096);
    assertThat(again.info().sequence()).isEqualTo(1);
    assertThat(again.info().protocol()).isEqualTo(protocol);
    assertThat(again.info().committedTwin()).isEqualTo(protocol == Protocol.PING_PONG ? 1 : 0);
    assertThat(again.info().identity().keyId()).isEqualTo(Story.IDENTITY.keyId());
    assertThat(again.info().identity().jobId()).isEqualTo(Story.IDENTITY.jobId());
  }

  @Test
  void a_small_transaction_costs_one_or_two_fences_and_one_that_changes_nothing_none() {
    pool.update(tx -> tx.alloc(8));
    long before = memory.trace().fences();
    pool.update(tx -> tx.alloc(8));
    int fences = protocol == Protocol.PING_PONG ? 1 : 2;
    assertThat(memory.trace().fences() - before).isEqualTo(fences);
    // The classic protocol may say MUTATING here already; then the next transaction need not.
    pool.update(tx -> tx.root("x"));
    pool.update(tx -> tx.root("x"));
    assertThat(pool.stats().commits()).isEqualTo(2);
    pool.update(tx -> tx.alloc(8));
    assertThat(memory.trace().fences() - before).isEqualTo(2L * fences);
  }

  @Test
  void whatever_a_body_throws_takes_back_everything_and_is_thrown_on() {
    long ref = pool.update(tx -> named(tx, "kept", 7));
    PoolInfo before = pool.info();
    for (Throwable thrown :
        new Throwable[] {new IllegalStateException("x"), new StackOverflowError("y")}) {
      assertThatThrownBy(
              () ->
                  pool.update(
                      tx -> {
                        tx.setLong(ref, 8);
                        named(tx, "lost", 1);
                        tx.write(tx.alloc(20_000), new byte[20_000], 0, 20_000);
                        tx.setRoot("kept", 0);
                        tx.free(ref);
                        tx.allocExtent(9000);
                        throw sneaky(thrown);
                      }))
          .isSameAs(thrown);
      assertSame(pool.info(), before);
      assertThat(pool.<Long>read(tx -> tx.getLong(tx.root("kept")))).isEqualTo(7);
      assertThat(pool.<Long>update(tx -> tx.getLong(tx.root("kept")))).isEqualTo(7);
    }
    assertThat(pool.stats().aborts()).isEqualTo(2);
  }

  @Test
  void transactions_taken_back_one_after_the_other_add_nothing_to_what_the_next_one_copies() {
    long ref = pool.update(tx -> tx.alloc(30_000));
    int[] most = {0};
    InvocationHandler counting =
        (_, method, arguments) -> {
          if (method.getName().equals("copyLines")) {
            most[0] = Math.max(most[0], (int) arguments[3]);
          }
          return method.invoke(memory, arguments);
        };
    Pool counted =
        Pool.open(
            (PersistentMemory)
                Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {PersistentMemory.class},
                    counting));
    counted.update(tx -> tx.alloc(8));
    for (int i = 0; i < 40; i++) {
      long at = ref + 640L * i;
      assertThatThrownBy(
              () ->
                  counted.update(
                      tx -> {
                        for (int line = 0; line < 10; line++) {
                          tx.setLong(at + 64L * line, 1);
                        }
                        tx.abort();
                        return null;
                      }))
          .isInstanceOf(PoolException.Aborted.class);
    }
    assertThat(most[0]).isBetween(1, 20);
    counted.update(
        tx -> {
          tx.setLong(ref, 7);
          return null;
        });
    Pool again = Pool.open(memory);
    assertThat(again.<Long>read(tx -> tx.getLong(ref))).isEqualTo(7);
    assertThat(again.<Long>read(tx -> tx.getLong(ref + 64))).isZero();
  }

  /** All but the twin that readers are on: between classic transactions both hold the state. */
  private static void assertSame(PoolInfo info, PoolInfo before) {
    assertThat(info).usingRecursiveComparison().ignoringFields("committedTwin").isEqualTo(before);
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> RuntimeException sneaky(Throwable thrown) throws X {
    throw (X) thrown;
  }

  private static long named(Tx tx, String name, long value) {
    long ref = tx.alloc(8);
    tx.setLong(ref, value);
    tx.setRoot(name, ref);
    return ref;
  }

  @Test
  void abort_leaves_by_its_own_exception() {
    assertThatThrownBy(
            () ->
                pool.update(
                    tx -> {
                      named(tx, "x", 1);
                      tx.abort();
                      return null;
                    }))
        .isInstanceOf(PoolException.Aborted.class);
    assertThat(pool.info().roots()).isEmpty();
  }

  /** A name that leads nowhere is what open takes for damage. */
  @Test
  void a_block_is_not_freed_while_a_name_or_the_pool_itself_leads_to_it() {
    long ref = pool.update(tx -> named(tx, "x", 1));
    int twin = pool.info().committedTwin();
    long map = memory.getLong(8192L + (long) twin * TWIN_BYTES + Heap.MAP_REF_OFFSET);
    for (long needed : new long[] {ref, map}) {
      assertThatThrownBy(() -> pool.update(tx -> run(() -> tx.free(needed))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("leads to ref " + needed);
    }
    assertThat(Pool.open(memory).<Long>read(tx -> tx.getLong(tx.root("x")))).isEqualTo(1);
    pool.update(
        tx -> {
          tx.setRoot("x", 0);
          tx.free(ref);
          return null;
        });
    assertThat(Pool.open(memory).info().roots()).isEmpty();
  }

  @Test
  void an_update_inside_an_update_joins_it() {
    pool.update(tx -> named(tx, "outer", pool.<Long>update(inner -> named(inner, "inner", 1))));
    assertThat(pool.info().roots()).containsExactly("inner", "outer");
    assertThat(pool.info().sequence()).isEqualTo(1);
  }

  @Test
  void a_failure_inside_dooms_the_outside_even_if_it_is_swallowed() {
    assertThatThrownBy(
            () ->
                pool.update(
                    tx -> {
                      named(tx, "outer", 1);
                      try {
                        pool.update(
                            inner -> {
                              throw new IllegalStateException("inside");
                            });
                      } catch (IllegalStateException swallowed) {
                        named(tx, "later", 1);
                      }
                      return null;
                    }))
        .isInstanceOf(PoolException.Aborted.class)
        .hasMessageContaining("inside");
    assertThat(pool.info().roots()).isEmpty();
  }

  @Test
  void an_update_inside_a_read_is_refused_instead_of_waiting_for_ever() {
    assertThatThrownBy(() -> pool.read(tx -> pool.update(inner -> inner.alloc(8))))
        .isInstanceOf(IllegalStateException.class);
  }

  /**
   * A writer that waits for this reader holds the lock that they take; closing waits for readers.
   */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void what_waits_for_writers_or_readers_is_refused_inside_a_read() {
    pool.update(tx -> named(tx, "x", 1));
    for (Runnable waiting : List.<Runnable>of(pool::stats, pool::persist, pool::close)) {
      assertThatThrownBy(() -> pool.read(_ -> run(waiting)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("end the read first");
    }
    assertThat(pool.<Long>read(tx -> tx.getLong(tx.root("x")))).isEqualTo(1);
    assertThat(pool.stats().commits()).isEqualTo(1);
    pool.persist();
    pool.close();
    assertThatThrownBy(() -> pool.read(tx -> tx.root("x")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void a_pool_is_neither_closed_nor_persisted_inside_an_update() {
    for (Runnable early : List.<Runnable>of(pool::close, pool::persist)) {
      assertThatThrownBy(
              () ->
                  pool.update(
                      tx -> {
                        named(tx, "x", 1);
                        return run(early);
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("between transactions");
    }
    assertThat(pool.info().roots()).isEmpty();
    pool.update(tx -> named(tx, "x", pool.stats().aborts())); // waits for nobody
    assertThat(pool.<Long>read(tx -> tx.getLong(tx.root("x")))).isEqualTo(2);
  }

  @Test
  void a_write_of_an_extent_that_fails_poisons_the_pool_in_whichever_thread() {
    for (boolean elsewhere : new boolean[] {false, true}) {
      PoolInfo before = pool.info();
      AtomicBoolean failing = new AtomicBoolean();
      Pool shared =
          Pool.open(
              new ForwardingMemory(memory) {
                @Override
                public void stream(long offset, byte[] source, int at, int length) {
                  if (failing.get()) {
                    throw new PmemException.WriteBackFailed("the disk is broken", null);
                  }
                  super.stream(offset, source, at, length);
                }
              });
      shared.update(tx -> run(() -> writeExtent(tx)));
      failing.set(true);
      assertThatThrownBy(
              () ->
                  shared.update(
                      tx -> {
                        Extent extent = tx.allocExtent(100);
                        Runnable write = () -> tx.writeExtent(extent, 0, new byte[100], 0, 100);
                        return elsewhere ? CompletableFuture.runAsync(write).join() : run(write);
                      }))
          .isInstanceOf(
              elsewhere ? CompletionException.class : PmemException.WriteBackFailed.class);
      failing.set(false);
      assertThatThrownBy(() -> shared.update(tx -> tx.alloc(8)))
          .isInstanceOf(PoolException.Poisoned.class)
          .hasMessageContaining("the disk is broken");
      assertThatThrownBy(() -> shared.read(tx -> tx.root("x")))
          .isInstanceOf(PoolException.Poisoned.class);
      // The next process finds what was committed, and goes on.
      Pool again = Pool.open(memory);
      assertThat(again.info().extentCount()).isEqualTo(before.extentCount() + 1);
      again.update(tx -> run(() -> writeExtent(tx)));
    }
  }

  private static void writeExtent(Tx tx) {
    tx.writeExtent(tx.allocExtent(100), 0, Story.filled(100, 1), 0, 100);
  }

  @Test
  void a_view_is_not_to_be_used_after_its_body() {
    AtomicReference<Tx> escaped = new AtomicReference<>();
    pool.update(
        tx -> {
          escaped.set(tx);
          return null;
        });
    assertThatThrownBy(() -> escaped.get().alloc(8)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> escaped.get().root("x")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void offsets_outside_are_refused() {
    long ref = pool.update(tx -> named(tx, "x", 1));
    Extent extent = pool.update(tx -> tx.allocExtent(100));
    pool.read(
        tx -> {
          for (long bad :
              new long[] {0, -8, 8, 4096, TWIN_BYTES - 7, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> tx.getLong(bad)).isInstanceOf(IndexOutOfBoundsException.class);
          }
          assertThatThrownBy(() -> tx.read(ref, new byte[10], 0, -1))
              .isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> tx.readExtent(extent, 1, new byte[100], 0, 100))
              .isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> tx.readExtent(new Extent(0, 100), 0, new byte[1], 0, 1))
              .isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> tx.readExtent(new Extent(1L << 40, 100), 0, new byte[1], 0, 1))
              .isInstanceOf(IndexOutOfBoundsException.class);
          return null;
        });
    assertThatThrownBy(() -> pool.update(tx -> run(() -> tx.free(ref + 8))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pool.update(tx -> run(() -> tx.setRoot("y", ref + 8))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Void run(Runnable task) {
    task.run();
    return null;
  }

  @Test
  void an_extent_is_written_in_the_transaction_that_allocated_it_only() {
    Extent extent = pool.update(tx -> tx.allocExtent(100));
    assertThatThrownBy(
            () -> pool.update(tx -> run(() -> tx.writeExtent(extent, 0, new byte[1], 0, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("written once");
    assertThatThrownBy(
            () ->
                pool.update(
                    tx -> {
                      tx.freeExtent(extent);
                      tx.freeExtent(extent);
                      return null;
                    }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> pool.update(tx -> run(() -> tx.freeExtent(new Extent(extent.offset(), 5000)))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_full_pool_says_so_and_stays_as_it_was() {
    pool.update(tx -> tx.allocExtent(120 << 10));
    PoolInfo before = pool.info();
    assertThatThrownBy(() -> pool.update(tx -> tx.allocExtent(90 << 10)))
        .isInstanceOf(PoolException.Full.class)
        .hasMessageContaining("92160")
        .hasMessageContaining("81920");
    assertThatThrownBy(() -> pool.update(tx -> tx.alloc(TWIN_BYTES - 4096)))
        .isInstanceOf(PoolException.Full.class);
    assertThatThrownBy(() -> pool.update(tx -> tx.alloc(1L << 60)))
        .isInstanceOf(PoolException.Full.class);
    assertSame(pool.info(), before);
  }

  @Test
  void an_extent_is_not_reused_by_the_transaction_that_frees_it_but_by_the_next() {
    Extent first = pool.update(tx -> tx.allocExtent(120 << 10));
    assertThatThrownBy(
            () ->
                pool.update(
                    tx -> {
                      tx.freeExtent(first);
                      return tx.allocExtent(120 << 10);
                    }))
        .isInstanceOf(PoolException.Full.class);
    pool.update(tx -> run(() -> tx.freeExtent(first)));
    assertThat(pool.<Extent>update(tx -> tx.allocExtent(120 << 10))).isEqualTo(first);
  }

  @Test
  void an_extent_of_an_aborted_transaction_is_free_at_once() {
    assertThatThrownBy(
            () ->
                pool.update(
                    tx -> {
                      tx.allocExtent(200 << 10);
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(pool.<Extent>update(tx -> tx.allocExtent(200 << 10))).isNotNull();
  }

  @Test
  void a_reader_keeps_its_state_and_its_extents_until_it_leaves() throws Exception {
    assertThat(readerSeesOneState(new Readers())).isTrue();
  }

  @Test
  void a_commit_that_does_not_wait_for_readers_is_noticed() throws Exception {
    Readers hasty =
        new Readers() {
          @Override
          void drain(int twin) {}
        };
    assertThat(readerSeesOneState(hasty)).isFalse();
  }

  @Test
  void a_reader_that_a_commit_comes_before_does_not_begin_anew() {
    pool.update(tx -> named(tx, "x", 1));
    int[] arrivals = new int[1];
    int[] there = new int[1];
    Pool[] shared = new Pool[1];
    Readers late =
        new Readers() {
          @Override
          int arrive(int twin) {
            if (there[0] == 0 && ++arrivals[0] < 10) {
              shared[0].update(tx -> named(tx, "x", 1 + arrivals[0]));
            }
            there[0]++;
            return super.arrive(twin);
          }

          @Override
          void depart(int at) {
            there[0]--;
            super.depart(at);
          }
        };
    shared[0] = Pool.open(memory, late, Long.MAX_VALUE);

    long read = shared[0].read(tx -> tx.getLong(tx.root("x")));

    assertThat(read).isEqualTo(2);
    assertThat(arrivals[0]).as("beginnings").isEqualTo(1);
    assertThat(there[0]).as("not departed").isZero();
    arrivals[0] = 10; // no commits by themselves any more
    shared[0].update(tx -> named(tx, "x", 8)); // waits for nobody
    shared[0].update(tx -> named(tx, "x", 9));
    assertThat(shared[0].<Long>read(tx -> tx.getLong(tx.root("x")))).isEqualTo(9);
  }

  /** A reader pauses in the middle while a writer replaces what it reads, twice. */
  private boolean readerSeesOneState(Readers readers) throws Exception {
    Pool shared = Pool.open(memory, readers, Long.MAX_VALUE);
    Extent extent =
        shared.update(
            tx -> {
              named(tx, "x", 1);
              Extent e = tx.allocExtent(100);
              tx.writeExtent(e, 0, Story.filled(100, 1), 0, 100);
              return e;
            });
    CountDownLatch reading = new CountDownLatch(1);
    Thread writer =
        new Thread(
            () -> {
              try {
                reading.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              for (int i = 2; i <= 3; i++) {
                int value = i;
                shared.update(
                    tx -> {
                      tx.setLong(tx.root("x"), value);
                      if (value == 2) {
                        tx.freeExtent(extent);
                      } else {
                        tx.writeExtent(tx.allocExtent(100), 0, Story.filled(100, 3), 0, 100);
                      }
                      return null;
                    });
              }
            });
    writer.start();
    boolean one =
        shared.read(
            tx -> {
              reading.countDown();
              try {
                // Long enough for a hasty writer to end; a patient one waits for us.
                writer.join(300);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              byte[] bytes = new byte[100];
              tx.readExtent(extent, 0, bytes, 0, 100);
              return tx.getLong(tx.root("x")) == 1 && bytes[50] == 1;
            });
    writer.join();
    assertThat(shared.<Long>read(tx -> tx.getLong(tx.root("x")))).isEqualTo(3);
    return one;
  }

  @Test
  void a_thread_that_writes_after_the_body_is_refused() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    AtomicReference<Throwable> late = new AtomicReference<>();
    Thread[] helper = new Thread[1];
    pool.update(
        tx -> {
          Extent extent = tx.allocExtent(100);
          helper[0] =
              new Thread(
                  () -> {
                    try {
                      over.await();
                      tx.writeExtent(extent, 0, new byte[100], 0, 100);
                    } catch (InterruptedException | IllegalStateException e) {
                      late.set(e);
                    }
                  });
          helper[0].start();
          assertThatThrownBy(() -> onAnotherThread(() -> tx.alloc(8)))
              .hasMessageContaining("only writeExtent");
          return null;
        });
    over.countDown();
    helper[0].join();
    assertThat(late.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("over");
  }

  private static void onAnotherThread(Runnable task) throws Throwable {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread = new Thread(task);
    thread.setUncaughtExceptionHandler((_, t) -> thrown.set(t));
    thread.start();
    thread.join();
    if (thrown.get() != null) {
      throw thrown.get();
    }
  }

  @Test
  void a_long_history_with_aborts_agrees_with_a_model_with_and_without_cut_over() {
    for (long cutOver : new long[] {Long.MAX_VALUE, 512}) {
      SimulatedMemory fresh =
          new SimulatedMemory(new byte[POOL_BYTES], Granularity.LINE, Tearing.LINES);
      Pool.format(fresh, Story.IDENTITY, protocol, TWIN_BYTES);
      history(fresh, Pool.open(fresh, new Readers(), cutOver), new Random(SEED));
    }
  }

  private void history(SimulatedMemory memory, Pool pool, Random random) {
    Map<Long, byte[]> blocks = new HashMap<>();
    ArrayDeque<Extent> extents = new ArrayDeque<>();
    for (int round = 0; round < 400; round++) {
      Map<Long, byte[]> next = new HashMap<>(blocks);
      ArrayDeque<Extent> nextExtents = new ArrayDeque<>(extents);
      boolean abort = random.nextInt(4) == 0;
      try {
        pool.update(
            tx -> {
              for (int i = random.nextInt(5); i >= 0; i--) {
                List<Long> refs = new ArrayList<>(next.keySet());
                if (refs.size() > 20 || (random.nextBoolean() && !refs.isEmpty())) {
                  long ref = refs.get(random.nextInt(refs.size()));
                  tx.free(ref);
                  next.remove(ref);
                } else {
                  byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 100 : 1500)];
                  random.nextBytes(bytes);
                  long ref = tx.alloc(bytes.length);
                  byte[] zero = new byte[bytes.length];
                  tx.read(ref, zero, 0, zero.length);
                  assertThat(zero).containsOnly(0);
                  tx.write(ref, bytes, 0, bytes.length);
                  assertThat(next.put(ref, bytes)).isNull();
                }
              }
              if (nextExtents.size() > 3) {
                tx.freeExtent(nextExtents.remove());
              } else {
                nextExtents.add(tx.allocExtent(1 + random.nextInt(20_000)));
              }
              if (abort) {
                tx.abort();
              }
              return null;
            });
        blocks = next;
        extents = nextExtents;
      } catch (PoolException.Aborted expected) {
        assertThat(abort).isTrue();
      }
      if (round % 10 == 0) {
        Pool again =
            Pool.open(new SimulatedMemory(memory.visible(), Granularity.LINE, Tearing.LINES));
        assertThat(again.info().extentCount()).isEqualTo(extents.size());
        Map<Long, byte[]> expected = blocks;
        for (Pool each : new Pool[] {pool, again}) {
          each.read(
              tx -> {
                expected.forEach(
                    (ref, bytes) -> {
                      byte[] found = new byte[bytes.length];
                      tx.read(ref, found, 0, found.length);
                      assertThat(found).isEqualTo(bytes);
                    });
                return null;
              });
        }
      }
    }
  }
}
