package plinius.evaluation.mirror;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.evaluation.Statistics;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * How much memory besides the model itself a save and a restore touch: the bytes that they
 * allocate, an upper bound of what is in use at once.
 *
 * <p>Arguments: a folder on persistent memory, megabytes of the model.
 */
public final class WorkingSetProbe {
  private static final int ROUNDS = 5;

  private WorkingSetProbe() {}

  /** Prints one JSON line. */
  public static void main(String[] arguments) throws java.io.IOException {
    Path pool = Path.of(arguments[0]).resolve("working-set.pm");
    Model model = Model.of(Double.parseDouble(arguments[1]), 1);
    AesWarmUp.run();
    double[] saveBytes = new double[ROUNDS];
    double[] saveMillis = new double[ROUNDS];
    double[] restoreBytes = new double[ROUNDS];
    double[] restoreMillis = new double[ROUNDS];
    try (SecretBytes key = SecretBytes.random(32);
        Workers alone = new Workers(1);
        Store store = new MirrorStore("mirror", pool, WriteBack.AUTO, model, key, alone)) {
      for (int round = 0; round < ROUNDS; round++) {
        measure(store::save, saveBytes, saveMillis, round);
        measure(store::restore, restoreBytes, restoreMillis, round);
        store.release();
      }
    } finally {
      Files.deleteIfExists(pool);
    }
    JsonLines.write(
        Map.of(
            "saveBytes",
            Statistics.median(saveBytes),
            "saveMillis",
            Statistics.median(saveMillis),
            "restoreBytes",
            Statistics.median(restoreBytes),
            "restoreMillis",
            Statistics.median(restoreMillis)));
  }

  private static void measure(Runnable work, double[] bytes, double[] millis, int round) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long began = System.nanoTime();
    work.run();
    millis[round] = (System.nanoTime() - began) / 1e6;
    bytes[round] = (double) (threads.getCurrentThreadAllocatedBytes() - before);
  }
}
