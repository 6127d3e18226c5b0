package plinius.enclave.pmdata;

import plinius.darknet.BatchLoader;
import plinius.darknet.data.Chance;
import plinius.dataset.SampleOrder;
import plinius.kernel.CounterRandom;

/** Batches of samples that have nothing to do with each other, in the keyed order. */
record SampleBatches(SampleOrder order, Fitting fitting, CounterRandom random)
    implements BatchLoader {
  @Override
  public void load(long position, int rows, float[] input, float[] truth) {
    int inputs = fitting.trainingInputs();
    int truths = fitting.network().truths();
    for (int row = 0; row < rows; row++) {
      Chance chance = new Chance(random, position + row);
      long index = order.at(position + row);
      fitting.train(index, chance, input, row * inputs, truth, row * truths);
    }
  }
}
