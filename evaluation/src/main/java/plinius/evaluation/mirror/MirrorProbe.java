package plinius.evaluation.mirror;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * Times every store on one model: save, restore, and restore from a cold cache where there is one.
 * The stores take turns, so that drift of the machine falls on all of them.
 *
 * <p>Arguments: a folder on persistent memory, one on the disk, megabytes of the model, rounds, and
 * whether to fsync each buffer too (slow): 0 or 1.
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
    boolean papersBaseline = arguments[4].equals("1");
    AesWarmUp.run();
    Model model = Model.of(megabytes, 1);
    List<Path> files = new ArrayList<>();
    try (SecretBytes key = SecretBytes.random(32)) {
      List<Store> stores = stores(pm, disk, model, key, papersBaseline, files);
      try {
        for (int round = -WARM_ROUNDS; round < rounds; round++) {
          for (Store store : stores) {
            measure(store, model, megabytes, round);
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
      Path pm, Path disk, Model model, SecretBytes key, boolean papersBaseline, List<Path> files) {
    files.addAll(
        List.of(
            pm.resolve("nt.pm"),
            pm.resolve("lines.pm"),
            pm.resolve("twins.pm"),
            pm.resolve("copy.pm"),
            disk.resolve("one.ckpt"),
            disk.resolve("each.ckpt")));
    List<Store> stores = new ArrayList<>();
    stores.add(new MirrorStore("mirror, non-temporal", files.get(0), WriteBack.AUTO, model, key));
    stores.add(
        new MirrorStore(
            "mirror, stores and write-back", files.get(1), WriteBack.UNSAFE, model, key));
    stores.add(new TwinStore(files.get(2), model, key));
    stores.add(new CopyStore(files.get(3), model));
    stores.add(new FileStore(files.get(4), FileStore.Sync.AT_THE_END, model, key));
    if (papersBaseline) {
      stores.add(new FileStore(files.get(5), FileStore.Sync.EACH_BUFFER, model, key));
    }
    stores.add(new CipherStore(model, key));
    return stores;
  }

  private static void measure(Store store, Model model, double megabytes, int round) {
    float[] before = store instanceof CipherStore ? null : model.block().clone();
    double save = seconds(store::save);
    if (before != null) {
      Arrays.fill(model.block(), 0);
    }
    double restore = seconds(store::restore);
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
              "megabytes",
              megabytes,
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
