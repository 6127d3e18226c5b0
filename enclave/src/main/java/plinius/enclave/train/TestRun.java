package plinius.enclave.train;

import plinius.boundary.EnclaveMessage.Tested;
import plinius.darknet.Network;
import plinius.enclave.pmdata.PmData;

/** Counts how many images of a data set a network gets right. Changes no state of the network. */
public final class TestRun {
  private TestRun() {}

  /** Over the whole set, in its own order. */
  public static Tested test(Network network, PmData data) {
    int batch = network.subBatch();
    float[] images = new float[Math.multiplyExact(batch, network.inputs())];
    int[] labels = new int[batch];
    long correct = 0;
    for (long first = 0; first < data.count(); first += batch) {
      int count = (int) Math.min(batch, data.count() - first);
      for (int i = 0; i < count; i++) {
        labels[i] = data.load(first + i, images, i * network.inputs());
      }
      float[] outputs = network.predict(images, count);
      for (int i = 0; i < count; i++) {
        if (largest(outputs, i * network.outputs(), network.outputs()) == labels[i]) {
          correct++;
        }
      }
    }
    return new Tested(network.iteration(), data.count(), correct);
  }

  /** Index of the largest value; the first of equals. */
  private static int largest(float[] values, int at, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (values[at + i] > values[at + best]) {
        best = i;
      }
    }
    return best;
  }
}
