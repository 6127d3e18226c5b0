package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * What mirroring a model adds to iterations of about 300 ms of real training on all cores: as many
 * iterations with it as without it, in turn, so that what the mirror does to the caches is in it.
 *
 * <p>The mirror follows the work, on the same threads; so do, once a round, the cipher alone and
 * the copy alone, which no mirror can be faster than.
 *
 * <p>Arguments: a folder on persistent memory, a configuration, megabytes of the mirrored model,
 * rounds.
 */
public final class OverheadProbe {
  private static final double WORK_MILLIS = 300;
  private static final int WARM_ITERATIONS = 8;

  private OverheadProbe() {}

  /** Prints a JSON line for each round. */
  public static void main(String[] arguments) throws IOException {
    Path pool = Path.of(arguments[0]).resolve("overhead.pm");
    Path copied = Path.of(arguments[0]).resolve("copied.pm");
    String cfg = Files.readString(Path.of(arguments[1]));
    double megabytes = Double.parseDouble(arguments[2]);
    int rounds = Integer.parseInt(arguments[3]);
    AesWarmUp.run();
    Model model = Model.of(megabytes, 1);
    try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
        SecretBytes key = SecretBytes.random(32);
        Store store = new MirrorStore("mirror", pool, WriteBack.AUTO, model, key, workers);
        Store cipher = new CipherStore(model, key, workers);
        Store copy = new CopyStore(copied, model, workers)) {
      Network network =
          Network.build(
              Cfg.parse(cfg, "overhead.cfg", Map.of()),
              new NetworkOptions(Kernels.best(), workers, 1, true));
      int steps = steps(network);
      for (int i = 0; i < 20; i++) {
        store.save();
        cipher.save();
        copy.save();
      }
      for (int round = 0; round < rounds; round++) {
        boolean mirrorsFirst = round % 2 == 0;
        double[] mirrored = new double[2];
        double alone = 0;
        for (int turn = 0; turn < 2; turn++) {
          if (mirrorsFirst == (turn == 0)) {
            mirrored = withMirror(network, steps, store);
          } else {
            alone = millis(() -> work(network, steps));
          }
        }
        work(network, 1);
        double limit = millis(cipher::save);
        work(network, 1);
        limit += millis(copy::save);
        JsonLines.write(
            Map.of(
                "megabytes", megabytes,
                "round", round,
                "aloneMillis", alone,
                "mirroredMillis", mirrored[0],
                "mirrorMillis", mirrored[1],
                "limitMillis", limit));
      }
    } finally {
      Files.deleteIfExists(pool);
      Files.deleteIfExists(copied);
    }
  }

  /** Milliseconds of work and mirror together, and of the mirror. */
  private static double[] withMirror(Network network, int steps, Store store) {
    double work = millis(() -> work(network, steps));
    double mirror = millis(store::save);
    return new double[] {work + mirror, mirror};
  }

  /** How many iterations of the network are nearest to the work that is wanted. */
  private static int steps(Network network) {
    work(network, WARM_ITERATIONS);
    double one = millis(() -> work(network, WARM_ITERATIONS)) / WARM_ITERATIONS;
    return (int) Math.max(1, Math.round(WORK_MILLIS / one));
  }

  private static void work(Network network, int steps) {
    for (int i = 0; i < steps; i++) {
      double loss = network.trainIteration(NOISE);
      if (!Double.isFinite(loss)) {
        throw new IllegalStateException("the loss is " + loss);
      }
    }
  }

  private static double millis(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e6;
  }

  /** Samples without a meaning: their values change neither the work nor its time. */
  private static final BatchLoader NOISE =
      (position, images, input, truth) -> {
        for (int i = 0; i < input.length; i++) {
          input[i] = ((i * 31L + position) & 0xff) / 255f;
        }
        java.util.Arrays.fill(truth, 0);
        for (int image = 0; image < images; image++) {
          truth[image * (truth.length / images) + (int) ((position + image) % 10)] = 1;
        }
      };
}
