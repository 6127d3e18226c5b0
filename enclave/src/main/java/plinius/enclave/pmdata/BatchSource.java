package plinius.enclave.pmdata;

import java.util.Arrays;
import plinius.darknet.BatchLoader;
import plinius.dataset.SampleOrder;

/**
 * Fills batches in the keyed order. Which sample stands where depends on key and position alone:
 * after a crash there is nothing to replay. One thread.
 */
public final class BatchSource implements BatchLoader {
  private final PmData data;
  private final SampleOrder order;
  private long nanos;

  public BatchSource(PmData data, SampleOrder order) {
    this.data = data;
    this.order = order;
  }

  @Override
  public void load(long position, int images, float[] input, float[] truth) {
    long began = System.nanoTime();
    int inputs = input.length / images;
    int truths = truth.length / images;
    Arrays.fill(truth, 0);
    for (int image = 0; image < images; image++) {
      int label = data.load(order.at(position + image), input, image * inputs);
      truth[image * truths + label] = 1;
    }
    nanos += System.nanoTime() - began;
  }

  /** Time spent here since this was called last. */
  public long takeNanos() {
    long taken = nanos;
    nanos = 0;
    return taken;
  }
}
