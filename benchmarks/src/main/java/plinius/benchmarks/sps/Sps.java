package plinius.benchmarks.sps;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Pool;
import plinius.romulus.PoolIdentity;
import plinius.romulus.Protocol;
import plinius.romulus.Tx;

/**
 * SPS: transactions that exchange words of an array at random, through the public interface with
 * its lock, its lambda and its checks (Correia, Felber and Ramalhete, SPAA 2018, section 5).
 *
 * <p>Seed rule: each thread has one xorshift generator for the whole run, two draws a swap, so that
 * every transaction touches fresh addresses. Programs that begin each transaction two draws after
 * the one before touch nearly the same lines again and again, and report several times as much.
 */
public final class Sps implements AutoCloseable {
  /** Words of the array: 10 MiB. */
  public static final int WORDS = 10 << 20 >> 3;

  /** Blocks of the array's class have 12 MiB. */
  private static final long TWIN_BYTES = 13 << 20;

  private static final long SEED = 0x9E3779B97F4A7C15L;

  private final Pool pool;
  private final long array;
  private long[] seeds = {}; // of the threads, which go on where they were

  /** Makes a pool of the whole memory with the array in it. */
  public Sps(PersistentMemory memory, Protocol protocol) {
    pool = Pool.format(memory, PoolIdentity.NOBODY, protocol, TWIN_BYTES);
    array =
        pool.update(
            tx -> {
              long ref = tx.alloc(8L * WORDS);
              for (int i = 0; i < WORDS; i++) {
                tx.setLong(ref + 8L * i, i);
              }
              tx.setRoot("array", ref);
              return ref;
            });
  }

  /** Bytes of the memory that it wants. */
  public static long poolBytes() {
    return 2 * TWIN_BYTES + (64 << 10);
  }

  /**
   * Swaps for so long.
   *
   * @param threads that run transactions
   * @param swaps in each transaction
   * @return swaps a second, of all threads together
   */
  public double run(int threads, int swaps, long nanos) {
    Swapper[] swappers = new Swapper[threads];
    for (int t = seeds.length; t < threads; t++) {
      seeds = Arrays.copyOf(seeds, t + 1);
      seeds[t] = SEED * (t + 1);
    }
    Thread[] others = new Thread[threads];
    AtomicBoolean stop = new AtomicBoolean();
    long began = System.nanoTime();
    for (int t = 0; t < threads; t++) {
      swappers[t] = new Swapper(seeds[t], swaps, stop);
      others[t] = Thread.ofPlatform().start(swappers[t]);
    }
    try {
      Thread.sleep(nanos / 1_000_000);
      stop.set(true);
      for (Thread thread : others) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while measuring", e);
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    long transactions = 0;
    for (int t = 0; t < threads; t++) {
      transactions += swappers[t].transactions;
      seeds[t] = swappers[t].random;
    }
    return transactions * (double) swaps / seconds;
  }

  /**
   * Whether every number is still there once: no swap was lost and none happened by half.
   *
   * @throws IllegalStateException if not
   */
  public void check() {
    boolean[] seen = new boolean[WORDS];
    pool.read(
        tx -> {
          for (int i = 0; i < WORDS; i++) {
            int value = (int) tx.getLong(array + 8L * i);
            if (seen[value]) {
              throw new IllegalStateException("the array is no permutation: " + value + " twice");
            }
            seen[value] = true;
          }
          return null;
        });
  }

  @Override
  public void close() {
    pool.close();
  }

  /** One thread; one object for all its transactions, so that none of them allocates. */
  private final class Swapper implements Runnable, Pool.Update<Void> {
    private final int swaps;
    private final AtomicBoolean stop;
    private long random;
    private long transactions;

    Swapper(long seed, int swaps, AtomicBoolean stop) {
      this.random = seed;
      this.swaps = swaps;
      this.stop = stop;
    }

    @Override
    public void run() {
      long done = 0;
      while (!stop.get()) {
        pool.update(this);
        done++;
      }
      transactions = done;
    }

    @Override
    public Void run(Tx tx) {
      for (int i = 0; i < swaps; i++) {
        long a = array + 8L * next();
        long b = array + 8L * next();
        long value = tx.getLong(a);
        tx.setLong(a, tx.getLong(b));
        tx.setLong(b, value);
      }
      return null;
    }

    private long next() {
      random ^= random << 13;
      random ^= random >>> 7;
      random ^= random << 17;
      return Math.multiplyHigh(random & Long.MAX_VALUE, 2L * WORDS);
    }
  }
}
