package plinius.evaluation.mirror;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import plinius.cli.JsonLines;
import plinius.evaluation.Statistics;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * How much memory besides the model itself a save and a restore touch: the bytes that they
 * allocate, an upper bound of what is in use at once; and how long they take. Of the mirror, and of
 * the paper's checkpoint in a file with an fsync for each buffer, in turns.
 *
 * <p>Arguments: a folder on persistent memory, one on the disk, megabytes of the model.
 */
public final class WorkingSetProbe {
  private static final int ROUNDS = 5;

  private WorkingSetProbe() {}

  /** Prints a JSON line for each of the two. */
  public static void main(String[] arguments) throws IOException {
    Path pool = Path.of(arguments[0]).resolve("working-set.pm");
    Path file = Path.of(arguments[1]).resolve("working-set.ckpt");
    AesWarmUp.run();
    try (SecretBytes key = SecretBytes.random(32)) {
      // What opens a pool would be interpreted else, which is most of a small model's restore.
      use(pool, file, MirrorProbe.COMPILING_MEGABYTES, key, MirrorProbe::compile);
      use(pool, file, Double.parseDouble(arguments[2]), key, WorkingSetProbe::measure);
    }
  }

  /** Does something with both stores of a model, and leaves no file of theirs. */
  private static void use(
      Path pool, Path file, double megabytes, SecretBytes key, Consumer<List<Store>> work)
      throws IOException {
    Model model = Model.of(megabytes, 1);
    try (Workers alone = new Workers(1);
        Store mirror = new MirrorStore("mirror", pool, WriteBack.AUTO, model, key, alone);
        Store checkpoint = new FileStore(file, FileStore.Sync.EACH_BUFFER, model, key, alone)) {
      work.accept(List.of(mirror, checkpoint));
    } finally {
      Files.deleteIfExists(pool);
      Files.deleteIfExists(file);
    }
  }

  private static void measure(List<Store> stores) {
    List<Measured> measured = stores.stream().map(Measured::new).toList();
    for (int round = 0; round < ROUNDS; round++) {
      for (Measured one : measured) {
        one.measure(round);
      }
    }
    measured.forEach(Measured::tell);
  }

  /** A store and what its rounds took. */
  private static final class Measured {
    private final Store store;
    private final double[] saveBytes = new double[ROUNDS];
    private final double[] saveMillis = new double[ROUNDS];
    private final double[] restoreBytes = new double[ROUNDS];
    private final double[] restoreMillis = new double[ROUNDS];
    private final double[] coldMillis = new double[ROUNDS];
    private boolean cold = true;

    Measured(Store store) {
      this.store = store;
    }

    void measure(int round) {
      measure(store::save, saveBytes, saveMillis, round);
      measure(store::restore, restoreBytes, restoreMillis, round);
      store.release();
      cold &= store.forget();
      if (cold) {
        measure(store::restore, new double[ROUNDS], coldMillis, round);
        store.release();
      }
    }

    private static void measure(Runnable work, double[] bytes, double[] millis, int round) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      long began = System.nanoTime();
      work.run();
      millis[round] = (System.nanoTime() - began) / 1e6;
      bytes[round] = (double) (threads.getCurrentThreadAllocatedBytes() - before);
    }

    void tell() {
      JsonLines.write(
          Map.of(
              "store",
              store.name(),
              "saveBytes",
              Statistics.median(saveBytes),
              "saveMillis",
              Statistics.median(saveMillis),
              "restoreBytes",
              Statistics.median(restoreBytes),
              "restoreMillis",
              Statistics.median(restoreMillis),
              "coldRestoreMillis",
              cold ? String.format(Locale.ROOT, "%.4f", Statistics.median(coldMillis)) : ""));
    }
  }
}
