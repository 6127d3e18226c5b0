package plinius.enclave.pmdata;

import plinius.darknet.data.Chance;
import plinius.dataset.SampleOrder;
import plinius.kernel.CounterRandom;

/** Batches of samples that have nothing to do with each other, in the keyed order. */
final class SampleBatches extends BatchSource {
  private final SampleOrder order;
  private final Fitting fitting;
  private final CounterRandom random;

  SampleBatches(SampleOrder order, Fitting fitting, CounterRandom random) {
    this.order = order;
    this.fitting = fitting;
    this.random = random;
  }

  @Override
  void fill(long position, int rows, float[] input, float[] truth) {
    int inputs = fitting.trainingInputs();
    int truths = fitting.network().truths();
    for (int row = 0; row < rows; row++) {
      Chance chance = Chance.of(random, Chance.AUGMENTATION, position + row);
      long index = order.at(position + row);
      fitting.train(index, chance, input, row * inputs, truth, row * truths);
    }
  }
}
