package plinius.darknet.layer;

import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * Batch normalisation as a layer of its own (darknet batchnorm_layer.c at f6afaab, which lacks
 * buffers and an update on the CPU). A .weights file has its scales and statistics, not its biases.
 */
class BatchnormLayer extends Layer {
  final BatchNormalization normalization = new BatchNormalization(this, Activation.LINEAR);

  BatchnormLayer(Site site) {
    super(site, site.in());
  }

  @Override
  public void forward(Pass pass) {
    float[] target = normalization.target(pass);
    pass.runBlocks(
        1,
        (from, to) -> {
          int at = from * out.count();
          System.arraycopy(pass.input, at, target, at, (to - from) * out.count());
          normalization.gather(pass, from, to);
        });
    normalization.takeStatistics(pass);
    if (!pass.leaves()) {
      finish(pass);
    }
  }

  @Override
  void writeOutput(Pass pass, int from, int to, float[] target, int at) {
    normalization.write(pass, from, to, target, at);
  }

  @Override
  public void backward(Pass pass) {
    normalization.beginSums();
    pass.runBlocks(
        1, (from, to) -> normalization.addSums(pass, from, to, output, from * out.count()));
    normalization.endSums(pass);
    pass.runBlocks(1, (from, to) -> normalization.foldDelta(pass, from, to));
    passDeltaOn(pass);
  }

  @Override
  public void update(Pass pass, Step step) {
    normalization.update(pass, step, site.rate());
  }

  @Override
  public void initialise(CounterRandom random) {
    normalization.initialise();
  }
}
