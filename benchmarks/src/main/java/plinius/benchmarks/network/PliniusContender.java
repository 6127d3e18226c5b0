package plinius.benchmarks.network;

import java.util.Arrays;
import java.util.SplittableRandom;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.layer.NamedTensor;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** This project's network alone: without unsealing, mirror and border. */
final class PliniusContender implements Contender {
  private final Task.Work work;
  private final Workers workers;
  private final Network network;
  private final Kernels kernels = Kernels.best();
  private final float[] noise;

  PliniusContender(Task task) {
    work = task.work();
    workers = new Workers(task.threads());
    boolean training = work == Task.Work.TRAIN;
    network = Network.build(task.cfg(), new NetworkOptions(kernels, workers, 1, training));
    assumeUnitVariances();
    noise = new float[Math.multiplyExact(task.subBatch(), task.inputs())];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) random.nextDouble();
    }
  }

  /** What a network is normalised by that was not trained yet: else, by 0, it answers NaN. */
  private void assumeUnitVariances() {
    for (NamedTensor tensor : network.state()) {
      if (tensor.name().endsWith(".rolling_variance")) {
        int from = tensor.offset();
        Arrays.fill(tensor.block(), from, from + tensor.count(), 1);
      }
    }
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
    double result =
        switch (work) {
          case TRAIN -> network.trainIteration(this::load);
          case INFER -> network.predict(noise, network.batch())[0];
        };
    if (Double.isNaN(result)) {
      throw new IllegalStateException("the result is not a number: its time says nothing");
    }
  }

  private void load(long position, int images, float[] input, float[] truth) {
    System.arraycopy(noise, 0, input, 0, Math.min(noise.length, input.length));
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
