package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import plinius.cli.JsonLines;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * Times every store on one model after the other: save, restore, and restore from a cold cache
 * where there is one. The stores take turns, so that drift of the machine falls on all of them.
 *
 * <p>Arguments: a folder on persistent memory, one on the disk, megabytes of the models with
 * commas, rounds, and threads, as many on every side. The paper's two ways are there on one thread
 * only: its training has one, and an fsync for each buffer and a transaction's own writes follow
 * one another.
 */
public final class MirrorProbe {
  /** Rounds that only warm the caches and the files up. */
  private static final int WARM_ROUNDS = 2;

  /**
   * Rounds on a small model that warm the virtual machine up: what opens a pool is run once a
   * restore, and stays interpreted for hundreds of them; the files share what they run.
   */
  private static final int COMPILING_ROUNDS = 500;

  static final double COMPILING_MEGABYTES = 0.6;

  private MirrorProbe() {}

  /** Prints a JSON line for each model, store and round. */
  public static void main(String[] arguments) throws IOException {
    Path pm = Path.of(arguments[0]);
    Path disk = Path.of(arguments[1]);
    int rounds = Integer.parseInt(arguments[3]);
    int threads = Integer.parseInt(arguments[4]);
    AesWarmUp.run();
    try (SecretBytes key = SecretBytes.random(32);
        Workers workers = new Workers(threads)) {
      Bench bench = new Bench(pm, disk, key, workers);
      bench.run(Model.of(COMPILING_MEGABYTES, 1), MirrorProbe::compile);
      for (String megabytes : arguments[2].split(",", -1)) {
        Model model = Model.of(Double.parseDouble(megabytes), 1);
        bench.run(
            model,
            stores -> {
              for (int round = -WARM_ROUNDS; round < rounds; round++) {
                for (Store store : stores) {
                  measure(store, model, Double.parseDouble(megabytes), threads, round);
                }
              }
            });
      }
    }
  }

  /** Runs stores of a small model until the virtual machine has compiled them. */
  static void compile(List<Store> stores) {
    for (Store store : stores) {
      boolean slow = store instanceof FileStore;
      store.save();
      for (int round = 0; round < COMPILING_ROUNDS; round++) {
        if (!slow) {
          store.save();
        }
        store.restore();
        store.release();
      }
    }
  }

  /** Where stores are made, and what they share. */
  private record Bench(Path pm, Path disk, SecretBytes key, Workers workers) {

    /** Does something with all stores of a model, and leaves no file of theirs. */
    void run(Model model, Consumer<List<Store>> work) throws IOException {
      List<Path> files = new ArrayList<>();
      List<Store> stores = new ArrayList<>();
      try {
        fill(stores, model, files);
        work.accept(stores);
      } finally {
        stores.forEach(Store::close);
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
      }
    }

    private void fill(List<Store> stores, Model model, List<Path> files) {
      files.addAll(
          List.of(
              pm.resolve("nt.pm"),
              pm.resolve("lines.pm"),
              pm.resolve("copy.pm"),
              disk.resolve("one.ckpt"),
              pm.resolve("twins.pm"),
              disk.resolve("each.ckpt")));
      stores.add(
          new MirrorStore(
              "mirror, non-temporal", files.get(0), WriteBack.AUTO, model, key, workers));
      stores.add(
          new MirrorStore(
              "mirror, stores and write-back",
              files.get(1),
              WriteBack.UNSAFE,
              model,
              key,
              workers));
      stores.add(new CopyStore(files.get(2), model, workers));
      stores.add(new CipherStore(model, key, workers));
      stores.add(new FileStore(files.get(3), FileStore.Sync.AT_THE_END, model, key, workers));
      if (workers.threads() == 1) {
        stores.add(new TwinStore(files.get(4), model, key));
        stores.add(new FileStore(files.get(5), FileStore.Sync.EACH_BUFFER, model, key, workers));
      }
    }
  }

  private static void measure(Store store, Model model, double megabytes, int threads, int round) {
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
              "megabytes",
              megabytes,
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
