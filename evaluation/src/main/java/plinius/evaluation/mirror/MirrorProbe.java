package plinius.evaluation.mirror;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * Times every store on one model: save, restore, and restore from a cold cache where there is one.
 * The stores take turns, so that drift of the machine falls on all of them.
 *
 * <p>Arguments: a folder on persistent memory, one on the disk, megabytes of the model, rounds, and
 * threads, as many on every side. The paper's two ways are there on one thread only: its training
 * has one, and an fsync for each buffer and a transaction's own writes follow one another.
 */
public final class MirrorProbe {
  /** Rounds that only warm the virtual machine up. */
  private static final int WARM_ROUNDS = 3;

  private MirrorProbe() {}

  /** Prints a JSON line for each store and round. */
  public static void main(String[] arguments) throws java.io.IOException {
    Path pm = Path.of(arguments[0]);
    Path disk = Path.of(arguments[1]);
    double megabytes = Double.parseDouble(arguments[2]);
    int rounds = Integer.parseInt(arguments[3]);
    int threads = Integer.parseInt(arguments[4]);
    AesWarmUp.run();
    Model model = Model.of(megabytes, 1);
    List<Path> files = new ArrayList<>();
    try (SecretBytes key = SecretBytes.random(32);
        Workers workers = new Workers(threads)) {
      List<Store> stores = stores(pm, disk, model, key, workers, files);
      try {
        for (int round = -WARM_ROUNDS; round < rounds; round++) {
          for (Store store : stores) {
            measure(store, model, threads, round);
          }
        }
      } finally {
        stores.forEach(Store::close);
      }
    } finally {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static List<Store> stores(
      Path pm, Path disk, Model model, SecretBytes key, Workers workers, List<Path> files) {
    files.addAll(
        List.of(
            pm.resolve("nt.pm"),
            pm.resolve("lines.pm"),
            pm.resolve("copy.pm"),
            disk.resolve("one.ckpt"),
            pm.resolve("twins.pm"),
            disk.resolve("each.ckpt")));
    List<Store> stores = new ArrayList<>();
    stores.add(
        new MirrorStore("mirror, non-temporal", files.get(0), WriteBack.AUTO, model, key, workers));
    stores.add(
        new MirrorStore(
            "mirror, stores and write-back", files.get(1), WriteBack.UNSAFE, model, key, workers));
    stores.add(new CopyStore(files.get(2), model, workers));
    stores.add(new CipherStore(model, key, workers));
    stores.add(new FileStore(files.get(3), FileStore.Sync.AT_THE_END, model, key, workers));
    if (workers.threads() == 1) {
      stores.add(new TwinStore(files.get(4), model, key));
      stores.add(new FileStore(files.get(5), FileStore.Sync.EACH_BUFFER, model, key, workers));
    }
    return stores;
  }

  private static void measure(Store store, Model model, int threads, int round) {
    float[] before = store instanceof CipherStore ? null : model.block().clone();
    double save = seconds(store::save);
    if (before != null) {
      Arrays.fill(model.block(), 0);
    }
    double restore = seconds(store::restore);
    store.release();
    double cold = store.forget() ? seconds(store::restore) : Double.NaN;
    if (store instanceof CopyStore) {
      System.arraycopy(before, 0, model.block(), 0, before.length);
    } else if (before != null && !Arrays.equals(before, model.block())) {
      throw new IllegalStateException(store.name() + " does not give back what it was given");
    }
    if (round >= 0) {
      JsonLines.write(
          Map.of(
              "store",
              store.name(),
              "threads",
              threads,
              "round",
              round,
              "saveMillis",
              1e3 * save,
              "restoreMillis",
              1e3 * restore,
              "coldRestoreMillis",
              Double.isNaN(cold) ? "" : String.format(Locale.ROOT, "%.4f", 1e3 * cold)));
    }
  }

  private static double seconds(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e9;
  }
}
