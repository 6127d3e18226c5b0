package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.testkit.CrashImages;
import plinius.testkit.RecordedMemory;
import plinius.testkit.RecordedMemory.Tearing;
import plinius.testkit.SimulatedMemory.Granularity;

/**
 * What a crash may leave, at every instant of what a pool does: the state before or the state
 * after, whole, with an allocator that has lost nothing, from which the story goes on for three
 * transactions. Then the same with each flush and each fence left out, and with extents reused too
 * early: every one of these mutants must be noticed.
 */
@ParameterizedClass
@EnumSource(Protocol.class)
class CrashTest {
  @Parameter Protocol protocol;

  /** Above this many images at one instant a part is chosen. */
  private static final long LIMIT = 600;

  /** The same for mutants: single versions missing or present find nearly all of them. */
  private static final long MUTANT_LIMIT = 12;

  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));

  /** Fences of an update. */
  private int fences() {
    return protocol == Protocol.PING_PONG ? 2 : 4;
  }

  private static int fencesOfRecovery() {
    return 1;
  }

  private byte[] formatted() {
    RecordedMemory memory = new RecordedMemory(Story.POOL_BYTES, Granularity.LINE);
    Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    return memory.visible();
  }

  private static RecordedMemory lines(byte[] image) {
    return new RecordedMemory(image, Granularity.LINE, Tearing.LINES);
  }

  private byte[] afterSteps(int steps) {
    RecordedMemory memory = lines(formatted());
    Pool pool = Pool.open(memory);
    for (int i = 0; i < steps; i++) {
      Story.step(pool);
    }
    return memory.visible();
  }

  /** The image with rubbish in the working twin, as a crash may leave it. */
  private static byte[] scrambled(byte[] image) {
    int other = 1 - Pool.inspect(lines(image)).committedTwin();
    int working = 8192 + other * Story.SMALL_TWIN_BYTES;
    Arrays.fill(image, working, working + Story.SMALL_TWIN_BYTES, (byte) 0x5A);
    return image;
  }

  private static int recover(byte[] image) {
    return Story.checkAndContinue(lines(image));
  }

  private static CrashImages.Report enumerate(RecordedMemory memory, long limit) {
    return CrashImages.enumerate(memory, limit, SEED, CrashTest::recover);
  }

  // Scenarios. Each begins with a durable image and says with marks what must survive from then on.

  private RecordedMemory steps(
      byte[] image, int steps, Granularity granularity, UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = new RecordedMemory(image, granularity, Tearing.LINES);
    int done = Story.check(Pool.open(lines(image)));
    memory.mark(done);
    Pool pool = Pool.open(seam.apply(memory));
    for (int i = 1; i <= steps; i++) {
      Story.step(pool);
      memory.mark(done + i);
    }
    return memory;
  }

  /** A step that is taken back, then one that is not. */
  private RecordedMemory abortThenStep(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(afterSteps(2));
    memory.mark(2);
    Pool pool = Pool.open(seam.apply(memory));
    try {
      pool.update(
          tx -> {
            Story.step(tx);
            tx.setRoot("untouched by the next step", tx.alloc(8));
            throw new IllegalStateException("changed its mind");
          });
    } catch (IllegalStateException expected) {
      Story.require(Story.check(pool) == 2, "the abort left something");
    }
    Story.step(pool);
    memory.mark(3);
    return memory;
  }

  /** One thread's step, then another's: the copy of the first is fenced by the second. */
  private RecordedMemory twoThreads(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(scrambled(afterSteps(1)));
    memory.mark(1);
    Pool pool = Pool.open(seam.apply(memory));
    // Recovers and changes nothing: the next thread's fence has to cover the copying.
    pool.update(_ -> 0);
    for (int i = 2; i <= 4; i++) {
      onAnotherThread(() -> Story.step(pool));
      memory.mark(i);
    }
    return memory;
  }

  /** An extent that is filled by two threads. */
  private RecordedMemory extentByTwoThreads(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(afterSteps(1));
    memory.mark(1);
    Pool pool = Pool.open(seam.apply(memory));
    pool.update(
        tx -> {
          Story.step(tx);
          long root = tx.root("story");
          Extent extent = new Extent(tx.getLong(root + 16), tx.getLong(root + 24));
          onAnotherThread(
              () -> {
                tx.writeExtent(extent, 0, Story.filled(16, 0), 0, 16);
                tx.writeExtent(extent, 0, Story.filled(16, 2), 0, 16);
              });
          return null;
        });
    memory.mark(2);
    return memory;
  }

  /**
   * The process dies where the flip is visible and not durable; another one goes on; then the power
   * fails.
   */
  private RecordedMemory killedBeforeTheLastFence(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(afterSteps(1));
    memory.mark(1);
    Pool first =
        Pool.open(dyingAt(memory, "pfence persistWord", fencesOfRecovery() + fences() - 1));
    assertThatThrownBy(() -> Story.step(first)).hasMessage("killed");
    memory.kill();
    Pool second = Pool.open(seam.apply(memory));
    Story.step(second);
    memory.mark(3);
    return memory;
  }

  private static PersistentMemory dyingAt(RecordedMemory memory, String place, int fences) {
    return FaultyMemory.dropping(
        memory,
        here -> {
          if (here.startsWith(place) && memory.fences() == fences) {
            throw new IllegalStateException("killed");
          }
          return false;
        });
  }

  private RecordedMemory formatting(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(new byte[Story.POOL_BYTES]);
    Pool pool = Pool.format(seam.apply(memory), Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    memory.mark(1);
    Story.step(pool);
    memory.mark(2);
    return memory;
  }

  /** State 0: no pool; 1: an empty one; 2: one after a step. */
  private int recoverFormatting(byte[] image) {
    try {
      return 1 + recover(image);
    } catch (PoolException.NotFormatted none) {
      RecordedMemory memory = lines(image);
      Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
      Story.require(
          Story.checkAndContinue(memory) == 0, "a pool that was formatted again is not empty");
      return 0;
    }
  }

  /** Killed right after the mark of a pool became visible. */
  private RecordedMemory killedAtTheEndOfFormatting(UnaryOperator<PersistentMemory> seam) {
    RecordedMemory memory = lines(new byte[Story.POOL_BYTES]);
    PersistentMemory dying = dyingAt(memory, "pfence format", 1);
    assertThatThrownBy(() -> Pool.format(dying, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES))
        .hasMessage("killed");
    memory.kill();
    Pool pool = Pool.open(seam.apply(memory));
    Story.step(pool);
    memory.mark(2);
    return memory;
  }

  private static void onAnotherThread(Runnable task) {
    List<Throwable> thrown = new ArrayList<>();
    Thread thread = new Thread(task);
    thread.setUncaughtExceptionHandler((_, t) -> thrown.add(t));
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (!thrown.isEmpty()) {
      throw new AssertionError(thrown.getFirst());
    }
  }

  // The pool as it is.

  @Test
  void transactions_survive_every_crash_as_a_whole() {
    CrashImages.Report report = enumerate(steps(formatted(), 2, Granularity.LINE, m -> m), LIMIT);
    assertThat(report.images()).as("%s", report).isGreaterThan(1000);
  }

  @Test
  void blocks_and_extents_that_are_freed_and_reused_survive_every_crash() {
    CrashImages.Report report = enumerate(steps(afterSteps(2), 2, Granularity.LINE, m -> m), LIMIT);
    assertThat(report.images()).as("%s", report).isGreaterThan(1000);
  }

  @Test
  void a_small_transaction_survives_every_crash_down_to_single_words_without_sampling() {
    RecordedMemory memory = new RecordedMemory(afterSteps(1), Granularity.LINE, Tearing.WORDS);
    Pool pool = Pool.open(memory);
    for (int i = 1; i <= 4; i++) {
      int value = i;
      pool.update(
          tx -> {
            // Two lines of one block of the story's root, told apart by a third.
            long root = tx.root("small");
            if (root == 0) {
              root = tx.alloc(200);
              tx.setRoot("small", root);
            }
            tx.setLong(root, value);
            tx.setLong(root + 64, value);
            tx.setLong(root + 128, value);
            return null;
          });
      memory.mark(i);
    }
    CrashImages.Report report =
        CrashImages.enumerate(
            memory,
            1_000_000,
            SEED,
            image ->
                Pool.open(lines(image))
                    .read(
                        tx -> {
                          long root = tx.root("small");
                          if (root == 0) {
                            return 0;
                          }
                          Story.require(
                              tx.getLong(root) == tx.getLong(root + 64)
                                  && tx.getLong(root) == tx.getLong(root + 128),
                              "torn");
                          return (int) tx.getLong(root);
                        }));
    assertThat(report.sampledPoints()).isZero();
    assertThat(report.images()).as("%s", report).isGreaterThan(400);
  }

  @Test
  void on_an_ordinary_file_whose_pages_are_written_in_any_order_transactions_survive_as_well() {
    CrashImages.Report report = enumerate(steps(afterSteps(2), 2, Granularity.PAGE, m -> m), 300);
    assertThat(report.images()).as("%s", report).isGreaterThan(300);
  }

  @Test
  void an_abort_leaves_nothing_behind() {
    enumerate(abortThenStep(m -> m), LIMIT / 3);
  }

  @Test
  void writers_may_take_turns() {
    enumerate(twoThreads(m -> m), LIMIT / 4);
  }

  @Test
  void an_extent_may_be_filled_by_two_threads() {
    enumerate(extentByTwoThreads(m -> m), LIMIT / 3);
  }

  @Test
  void a_process_may_die_where_its_commit_is_visible_and_not_durable() {
    enumerateKilled(m -> m, LIMIT / 3);
  }

  private void enumerateKilled(UnaryOperator<PersistentMemory> seam, long limit) {
    CrashImages.enumerate(killedBeforeTheLastFence(seam), limit, SEED, 2, CrashTest::recover);
    CrashImages.enumerate(
        killedAtTheEndOfFormatting(seam), limit, SEED, 2, this::recoverFormatting);
  }

  @Test
  void formatting_may_be_interrupted_anywhere() {
    CrashImages.Report report =
        CrashImages.enumerate(formatting(m -> m), LIMIT, SEED, this::recoverFormatting);
    assertThat(report.images()).as("%s", report).isGreaterThan(200);
  }

  @Test
  void recovery_may_crash_and_the_recovery_of_that_too() {
    // Images of the first level, thinned out; from each the first update's copying and a step, cut
    // off anywhere.
    AtomicInteger met = new AtomicInteger();
    AtomicInteger second = new AtomicInteger();
    CrashImages.enumerate(
        steps(afterSteps(2), 1, Granularity.LINE, m -> m),
        LIMIT / 5,
        SEED,
        image -> {
          int state = recover(image);
          if (met.getAndIncrement() % 40 == 0) {
            second.addAndGet(
                (int) enumerate(steps(image, 1, Granularity.LINE, m -> m), 60).images());
          }
          return state;
        });
    assertThat(second.get()).isGreaterThan(500);
  }

  @Test
  void opening_reading_and_inspecting_store_nothing() {
    RecordedMemory memory = lines(afterSteps(3));
    Pool pool = Pool.open(memory);
    assertThat(Story.check(pool)).isEqualTo(3);
    assertThat(pool.info()).isEqualTo(Pool.inspect(memory));
    assertThat(memory.wasStoredTo()).isFalse();
  }

  @Test
  void a_force_that_fails_poisons_the_pool_and_recovery_finds_a_whole_state() {
    for (int fence = 1; fence <= fencesOfRecovery() + 2 * fences(); fence++) {
      RecordedMemory memory = new RecordedMemory(afterSteps(2), Granularity.PAGE, Tearing.LINES);
      memory.mark(2);
      Pool pool = Pool.open(memory);
      memory.failFence(fence);
      int done = 2;
      try {
        for (int i = 0; i < 3; i++) {
          Story.step(pool);
          memory.mark(++done);
        }
        fail("a fence failed and nobody noticed");
      } catch (PmemException.WriteBackFailed expected) {
        assertThatThrownBy(() -> Story.step(pool)).isInstanceOf(PoolException.Poisoned.class);
        assertThatThrownBy(() -> Story.check(pool)).isInstanceOf(PoolException.Poisoned.class);
      }
      enumerate(memory, 200);
      assertThat(recover(memory.visible())).isBetween(done, done + 1);
    }
  }

  // Mutants.

  private void allScenarios(UnaryOperator<PersistentMemory> seam) {
    enumerate(steps(scrambled(afterSteps(2)), 2, Granularity.LINE, seam), MUTANT_LIMIT);
    enumerate(abortThenStep(seam), MUTANT_LIMIT);
    enumerate(twoThreads(seam), MUTANT_LIMIT);
    enumerate(extentByTwoThreads(seam), MUTANT_LIMIT);
    CrashImages.enumerate(formatting(seam), MUTANT_LIMIT, SEED, this::recoverFormatting);
    enumerateKilled(seam, MUTANT_LIMIT);
  }

  @Test
  void every_flush_and_every_fence_is_needed() {
    TreeSet<String> places = new TreeSet<>();
    allScenarios(memory -> FaultyMemory.collecting(memory, places));
    List<String> survivors = new ArrayList<>();
    for (String place : places) {
      try {
        allScenarios(memory -> FaultyMemory.dropping(memory, place::equals));
        survivors.add(place);
      } catch (AssertionError | PoolException caught) {
        // noticed
      }
    }
    assertThat(places).hasSizeGreaterThan(12);
    assertThat(survivors).as("of %s", places).isEmpty();
  }

  @Test
  void an_extent_that_is_reused_before_the_commit_that_frees_it_is_durable_is_noticed() {
    assertThatThrownBy(
            () ->
                enumerate(
                    steps(afterSteps(2), 2, Granularity.LINE, FaultyMemory::reusingAtOnce),
                    MUTANT_LIMIT))
        .isInstanceOf(AssertionError.class);
  }
}
