package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import plinius.pmem.PersistentMemory;
import plinius.testkit.CrashTester;
import plinius.testkit.ForwardingMemory;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * What the crash tests do to a pool. Each scenario begins with a durable image and promises on the
 * way what must survive from then on. The seam is where a mutant of the pool is put in.
 */
record Scenarios(Protocol protocol, UnaryOperator<PersistentMemory> seam) {
  /** The pool as it is. */
  static Scenarios of(Protocol protocol) {
    return new Scenarios(protocol, memory -> memory);
  }

  byte[] formatted() {
    SimulatedMemory memory = new SimulatedMemory(Story.POOL_BYTES, Granularity.LINE);
    Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    return memory.visible();
  }

  byte[] afterSteps(int steps) {
    SimulatedMemory memory = lines(formatted());
    Pool pool = Pool.open(memory);
    for (int i = 0; i < steps; i++) {
      Story.step(pool);
    }
    return memory.visible();
  }

  static SimulatedMemory lines(byte[] image) {
    return new SimulatedMemory(image, Granularity.LINE, Tearing.LINES);
  }

  /** The image with rubbish in the working twin, as a crash may leave it. */
  static byte[] scrambled(byte[] image) {
    int other = 1 - Pool.open(lines(image)).info().committedTwin();
    int working = 8192 + other * Story.SMALL_TWIN_BYTES;
    Arrays.fill(image, working, working + Story.SMALL_TWIN_BYTES, (byte) 0x5A);
    return image;
  }

  private static SimulatedMemory promised(byte[] image, Granularity granularity) {
    SimulatedMemory memory = new SimulatedMemory(image, granularity, Tearing.LINES);
    memory.mark(Story.check(Pool.open(lines(image))));
    return memory;
  }

  SimulatedMemory steps(byte[] image, int steps, Granularity granularity) {
    SimulatedMemory memory = promised(image, granularity);
    Pool pool = Pool.open(seam.apply(memory));
    for (int i = 0; i < steps; i++) {
      memory.mark(Story.step(pool));
    }
    return memory;
  }

  /** Ticks, after one that was taken back, after a step, after an update that does nothing. */
  SimulatedMemory ticks(Granularity granularity) {
    SimulatedMemory memory = promised(scrambled(afterSteps(1)), granularity);
    Pool pool = Pool.open(seam.apply(memory));
    for (int i = 0; i < 7; i++) {
      if (i == 3) {
        aborted(pool, Story::tick);
      }
      memory.mark(i == 4 ? Story.step(pool) : Story.tick(pool));
    }
    // What the last one owes is copied and handed over.
    pool.update(_ -> null);
    memory.mark(Story.tick(pool));
    return memory;
  }

  /** Does it, and takes it back. */
  static void aborted(Pool pool, Pool.Update<?> body) {
    try {
      pool.update(
          tx -> {
            body.run(tx);
            tx.abort();
            return null;
          });
    } catch (PoolException.Aborted expected) {
      // as it asked for
    }
  }

  /**
   * After a crash that left the witness of a tick and not the tick, a transaction that does the
   * same and more. States: 0, 1.
   */
  SimulatedMemory sameAgainAndMore() {
    SimulatedMemory lived = lines(afterSteps(1));
    Pool first = Pool.open(lived);
    for (int i = 0; i < 3; i++) {
      Story.tick(first);
    }
    byte[] image = lived.visible();
    int committed = 8192 + first.info().committedTwin() * Story.SMALL_TWIN_BYTES;
    int other = 2 * 8192 + Story.SMALL_TWIN_BYTES - committed;
    System.arraycopy(image, other, image, committed, Story.SMALL_TWIN_BYTES);
    SimulatedMemory memory = lines(image);
    memory.mark(0);
    Pool pool = Pool.open(seam.apply(memory));
    pool.update(
        tx -> {
          Story.tick(tx);
          tx.setLong(tx.root("story") + Story.SCRATCH_OFFSET, 1);
          return null;
        });
    memory.mark(1);
    return memory;
  }

  static int recoverSameAgain(PersistentMemory memory) {
    Pool pool = Pool.open(memory);
    int more = pool.read(tx -> (int) tx.getLong(tx.root("story") + Story.SCRATCH_OFFSET));
    Story.require(Story.check(pool) == 3 + more, "one half of a transaction");
    return more;
  }

  /**
   * Transactions that change so much that the log stops telling lines apart, and one that does not.
   */
  SimulatedMemory cutOver(byte[] image) {
    SimulatedMemory memory = promised(image, Granularity.LINE);
    Pool pool = Pool.open(seam.apply(memory), new Readers(), 512);
    for (int i = 0; i < 3; i++) {
      boolean large = i < 2;
      memory.mark(
          pool.update(
              tx -> {
                int step = Story.step(tx);
                if (large) {
                  long root = tx.root("story");
                  for (int slot = 0; slot < Story.SCRATCH; slot += 64) {
                    tx.setLong(root + Story.SCRATCH_OFFSET + slot, step);
                  }
                }
                return step;
              }));
    }
    return memory;
  }

  /** A step that is taken back, then one that is not. */
  SimulatedMemory abortThenStep() {
    SimulatedMemory memory = promised(afterSteps(2), Granularity.LINE);
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
    memory.mark(Story.step(pool));
    return memory;
  }

  /** One thread's step, then another's: the copy of the first is fenced by the second. */
  SimulatedMemory twoThreads() {
    SimulatedMemory memory = promised(scrambled(afterSteps(1)), Granularity.LINE);
    Pool pool = Pool.open(seam.apply(memory));
    // Recovers and changes nothing: the next thread's fence has to cover the copying.
    pool.update(_ -> 0);
    for (int i = 2; i <= 4; i++) {
      onAnotherThread(() -> memory.mark(Story.step(pool)));
    }
    return memory;
  }

  /** An extent that is filled by two threads. */
  SimulatedMemory extentByTwoThreads() {
    SimulatedMemory memory = promised(afterSteps(1), Granularity.LINE);
    Pool pool = Pool.open(seam.apply(memory));
    int step =
        pool.update(
            tx -> {
              int next = Story.step(tx);
              Extent extent = Story.extent(tx);
              onAnotherThread(
                  () -> {
                    tx.writeExtent(extent, 0, Story.filled(16, 0), 0, 16);
                    tx.writeExtent(extent, 0, Story.filled(16, next), 0, 16);
                  });
              return next;
            });
    memory.mark(step);
    return memory;
  }

  /**
   * The process dies where the flip is visible and not durable; another one goes on; then the power
   * fails. Two states are under way.
   */
  SimulatedMemory killedBeforeTheLastFence() {
    return killedBeforeTheLastFence(Story::step);
  }

  /** The same of ticks, of which the last has a witness. */
  SimulatedMemory killedBeforeTheLastFenceOfATick() {
    return killedBeforeTheLastFence(
        pool -> {
          Story.tick(pool);
          Story.tick(pool);
        });
  }

  private SimulatedMemory killedBeforeTheLastFence(Consumer<Pool> program) {
    byte[] image = afterSteps(1);
    Pool rehearsed = Pool.open(lines(image));
    program.accept(rehearsed);
    int fences = (int) rehearsed.stats().pfences();
    SimulatedMemory memory = promised(image, Granularity.LINE);
    Pool first = Pool.open(dyingAtFence(memory, fences));
    assertThatThrownBy(() -> program.accept(first)).hasMessage("killed");
    int visible = Story.check(Pool.open(lines(memory.visible())));
    Story.require(visible == Story.check(rehearsed), "it died too early");
    memory.mark(visible - 1);
    memory.kill();
    memory.mark(Story.step(Pool.open(seam.apply(memory))));
    return memory;
  }

  /** Killed right after the mark of a pool became visible. Two states are under way. */
  SimulatedMemory killedAtTheEndOfFormatting() {
    SimulatedMemory memory = lines(new byte[Story.POOL_BYTES]);
    PersistentMemory dying = dyingAtFence(memory, 2);
    assertThatThrownBy(() -> Pool.format(dying, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES))
        .hasMessage("killed");
    memory.kill();
    memory.mark(1 + Story.step(Pool.open(seam.apply(memory))));
    return memory;
  }

  SimulatedMemory formatting() {
    SimulatedMemory memory = lines(new byte[Story.POOL_BYTES]);
    Pool pool = Pool.format(seam.apply(memory), Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    memory.mark(1);
    memory.mark(1 + Story.step(pool));
    return memory;
  }

  /** State 0: no pool; 1: an empty one; 2: one after a step. */
  int recoverFormatting(PersistentMemory memory) {
    try {
      return 1 + Story.checkAndContinue(memory, _ -> {});
    } catch (PoolException.NotFormatted none) {
      Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
      Story.require(
          Story.checkAndContinue(memory, _ -> {}) == 0,
          "a pool that was formatted again is not empty");
      return 0;
    }
  }

  private static PersistentMemory dyingAtFence(PersistentMemory memory, int fence) {
    int[] left = {fence};
    return new ForwardingMemory(memory) {
      @Override
      public void pfence() {
        if (--left[0] == 0) {
          throw new IllegalStateException("killed");
        }
        super.pfence();
      }
    };
  }

  /** All of them, a few images an instant: what a mutant has to survive. */
  void all(long limit) {
    all(limit, () -> true);
  }

  /** Those that have reached the mistake: before that a pool does what one without it does. */
  void all(long limit, BooleanSupplier reached) {
    CrashTester steps = new CrashTester(Story::checkAndContinue).limit(limit);
    CrashTester pools = new CrashTester((m, _) -> recoverFormatting(m)).limit(limit);
    test(steps, reached, () -> steps(scrambled(afterSteps(2)), 2, Granularity.LINE));
    test(steps, reached, () -> cutOver(afterSteps(1)));
    test(steps, reached, this::abortThenStep);
    test(steps, reached, this::twoThreads);
    test(steps, reached, this::extentByTwoThreads);
    test(pools, reached, this::formatting);
    test(steps, reached, () -> ticks(Granularity.LINE));
    test(
        new CrashTester((m, _) -> recoverSameAgain(m)).limit(limit),
        reached,
        this::sameAgainAndMore);
    test(steps.ahead(2), reached, this::killedBeforeTheLastFence);
    test(steps.ahead(2), reached, this::killedBeforeTheLastFenceOfATick);
    test(pools.ahead(2), reached, this::killedAtTheEndOfFormatting);
  }

  private static void test(
      CrashTester tester, BooleanSupplier reached, Supplier<SimulatedMemory> scenario) {
    SimulatedMemory memory = scenario.get();
    if (reached.getAsBoolean()) {
      tester.test(memory.trace());
    }
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
}
