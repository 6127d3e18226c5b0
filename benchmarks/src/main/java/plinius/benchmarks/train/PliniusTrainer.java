package plinius.benchmarks.train;

import java.util.Arrays;
import java.util.SplittableRandom;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.CfgFile;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** This project's network alone: without unsealing, mirror and border. */
final class PliniusTrainer implements Trainer {
  private final Workers workers;
  private final Network network;
  private final Kernels kernels = Kernels.best();
  private float[] noise = {};

  PliniusTrainer(CfgFile cfg, int threads) {
    workers = new Workers(threads);
    network = Network.build(cfg, new NetworkOptions(kernels, workers, 1, Quirks.none(), true));
  }

  /** Values of the truth of one image. */
  int truths() {
    return network.truths();
  }

  @Override
  public String implementation() {
    return "plinius";
  }

  @Override
  public String variant() {
    return kernels.name();
  }

  @Override
  public void iterate() {
    double loss = network.trainIteration(this::load);
    if (Double.isNaN(loss)) {
      throw new IllegalStateException("the loss is not a number: its time says nothing");
    }
  }

  private void load(long position, int images, float[] input, float[] truth) {
    if (noise.length == 0) {
      SplittableRandom random = new SplittableRandom(1);
      noise = new float[input.length];
      for (int i = 0; i < noise.length; i++) {
        noise[i] = (float) random.nextDouble();
      }
    }
    System.arraycopy(noise, 0, input, 0, input.length);
    Arrays.fill(truth, 0);
    int truths = truth.length / images;
    for (int i = 0; i < images; i++) {
      truth[i * truths + i % truths] = 1;
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
