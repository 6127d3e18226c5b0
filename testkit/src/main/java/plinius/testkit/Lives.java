package plinius.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntSupplier;
import plinius.pmem.PersistentMemory;

/**
 * Long histories: lives of a program, one after the other. In each, threads commit transactions
 * until the power fails at a random instant; images of that life are judged, and the next life
 * begins with one of them. So every crash is followed by thousands of transactions and crashes.
 *
 * <p>Everything that is left to chance follows from the seed, the interleaving of the threads
 * included ({@link Turns}).
 */
public final class Lives {
  /** A program that commits transactions. */
  @FunctionalInterface
  public interface Opening {
    /**
     * Opens what a life begins with; what is returned commits one transaction a call and returns
     * the number of the state that it led to. Any thread calls it.
     */
    IntSupplier open(PersistentMemory memory);
  }

  /**
   * What was done.
   *
   * @param lives each ended by a crash
   * @param transactions that returned
   * @param images that were judged
   * @param state of the last life's end
   */
  public record Report(long lives, long transactions, long images, int state) {}

  private final Opening opening;
  private final Recovery recovery;
  private int threads = 1;
  private int transactions = 50;
  private int instants = 20;
  private int limit = 16;
  private long seed = CrashTester.seed();
  private Granularity granularity = Granularity.LINE;

  /** Lives of this program, judged by this recovery. */
  public Lives(Opening opening, Recovery recovery) {
    this.opening = Objects.requireNonNull(opening);
    this.recovery = Objects.requireNonNull(recovery);
  }

  /** Threads that commit, in turns; 1 unless said otherwise. */
  public Lives threads(int count) {
    threads = count;
    return this;
  }

  /** Transactions of each thread in a life. */
  public Lives transactions(int aLife) {
    transactions = aLife;
    return this;
  }

  /**
   * What is judged of a life: half of the instants lie in the ten steps behind a fence.
   *
   * @param aLife instants
   * @param limit images of an instant from which on the telling ones are chosen
   */
  public Lives instants(int aLife, int limit) {
    this.instants = aLife;
    this.limit = limit;
    return this;
  }

  /** {@link CrashTester#seed()} unless said otherwise. */
  public Lives seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** Cache lines unless said otherwise. */
  public Lives granularity(Granularity granularity) {
    this.granularity = granularity;
    return this;
  }

  /** Lives so many lives; the first begins with this image. */
  public Report live(byte[] image, int lives) {
    Random random = new Random(seed);
    CrashTester.Crash now = new CrashTester.Crash(image, Integer.MIN_VALUE);
    long committed = 0;
    long images = 0;
    int state = 0;
    for (int life = 0; life < lives; life++) {
      try {
        state = recovery.state(SimulatedMemory.of(now.image(), granularity), _ -> {});
        if (state < now.promised()) {
          throw new AssertionError("state " + state + " after " + now.promised() + " was promised");
        }
        SimulatedMemory memory = new SimulatedMemory(now.image(), granularity, Tearing.WORDS);
        memory.mark(state);
        committed += live(memory, random.nextLong());
        Trace trace = memory.trace();
        images += judge(trace, random.nextLong()).images();
        now = CrashTester.randomCrash(trace, random);
      } catch (RuntimeException | AssertionError refused) {
        throw new AssertionError(
            "life " + life + " of a history with seed " + seed + ": " + refused.getMessage(),
            refused);
      }
    }
    return new Report(lives, committed, images, state);
  }

  private long live(SimulatedMemory memory, long seed) {
    if (threads == 1) {
      IntSupplier transaction = opening.open(memory);
      commit(transaction, memory);
      return transactions;
    }
    IntSupplier transaction = opening.open(Turns.memory(memory));
    List<Runnable> tasks = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      tasks.add(() -> commit(transaction, memory));
    }
    Turns.run(seed, tasks);
    return (long) threads * transactions;
  }

  private void commit(IntSupplier transaction, SimulatedMemory memory) {
    for (int i = 0; i < transactions; i++) {
      memory.mark(transaction.getAsInt());
      Turns.pass();
    }
  }

  private CrashTester.Report judge(Trace trace, long seed) {
    // Each thread may have one commit that is durable and has not returned.
    return new CrashTester(recovery)
        .seed(seed)
        .ahead(threads)
        .instants(instants)
        .limit(limit)
        .test(trace);
  }
}
