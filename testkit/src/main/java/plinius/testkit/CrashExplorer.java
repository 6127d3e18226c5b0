package plinius.testkit;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;

/**
 * Runs an action on simulated memory and, at every store, write-back and fence of it, hands over
 * every image that a crash there could leave. Images that came before, under the same promise, are
 * not handed over again.
 */
public final class CrashExplorer {

  private final long imagesAStep;
  private final long seed;
  private long steps;
  private long distinct;
  private boolean exhaustive = true;

  /**
   * An explorer with a bound on the work of each instant.
   *
   * @param imagesAStep up to so many images an instant all are taken, above it the telling ones
   * @param seed of the random ones, to be printed where a test fails
   */
  public CrashExplorer(long imagesAStep, long seed) {
    this.imagesAStep = imagesAStep;
    this.seed = seed;
  }

  /** What a recovered image is checked by. Throws if it is not acceptable. */
  @FunctionalInterface
  public interface Oracle {
    void check(byte[] image);
  }

  /**
   * Runs the action and crashes it everywhere.
   *
   * @param promise what the program has promised so far, for example the number of transactions
   *     that returned: images are told apart by it too, because the oracle depends on it
   */
  public void explore(
      SimulatedMemory memory, Runnable action, LongSupplier promise, Oracle oracle) {
    Random random = new Random(seed);
    Set<Fingerprint> seen = new HashSet<>();
    Consumer<byte[]> visit =
        image -> {
          if (seen.add(Fingerprint.of(image, promise.getAsLong()))) {
            distinct++;
            try {
              oracle.check(image);
            } catch (RuntimeException | AssertionError e) {
              throw new AssertionError(
                  "a crash after step %d leaves an image that is not acceptable (seed %d)"
                      .formatted(steps, seed),
                  e);
            }
          }
        };
    memory.afterEachStep(
        () -> {
          steps++;
          exhaustive &= memory.images() <= imagesAStep;
          memory.eachImage(imagesAStep, random, visit);
        });
    try {
      action.run();
      memory.eachImage(imagesAStep, random, visit);
    } finally {
      memory.afterEachStep(() -> {});
    }
  }

  /** Instants at which a crash was tried. */
  public long steps() {
    return steps;
  }

  /** Different images that the oracle accepted. */
  public long images() {
    return distinct;
  }

  /** Whether no instant had more images than were tried. */
  public boolean exhaustive() {
    return exhaustive;
  }

  private record Fingerprint(long crc, int hash, long promise) {
    static Fingerprint of(byte[] image, long promise) {
      CRC32C crc = new CRC32C();
      crc.update(image);
      return new Fingerprint(crc.getValue(), Arrays.hashCode(image), promise);
    }
  }
}
