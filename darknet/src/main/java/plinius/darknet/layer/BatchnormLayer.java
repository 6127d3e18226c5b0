package plinius.darknet.layer;

import java.util.Map;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * Batch normalisation as a layer of its own (darknet batchnorm_layer.c at f6afaab, which lacks
 * buffers and an update on the CPU). A .weights file has its scales and statistics, not its biases.
 */
public final class BatchnormLayer extends Layer {
  private final boolean learns;
  private final Parameter biases;
  private final BatchNormalization normalization;

  /** A normalisation of the output of the layer before. */
  public BatchnormLayer(LayerCommon common, Shape in, Quirks quirks, Storage storage) {
    super(common, in, storage);
    learns = !quirks.has(Quirk.BATCHNORM_NEVER_LEARNS);
    biases = new Parameter(storage, common.name(), "biases", storage.adam(), in.c());
    normalization = new BatchNormalization(storage, common, in, output);
  }

  @Override
  public void forward(Pass pass) {
    float[] target = normalization.source(pass, output);
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
    normalization.write(pass, output, from, to, biases.at(), Activation.LINEAR, target, at);
  }

  @Override
  public void backward(Pass pass) {
    normalization.beginSums();
    pass.runBlocks(
        1,
        (from, to) ->
            normalization.addSums(
                pass, output, from * out.count(), Activation.LINEAR, delta, from, to));
    normalization.backwardSums(pass, delta, biases.updatesAt());
    pass.runBlocks(1, (from, to) -> normalization.backwardDelta(pass, delta, from, to));
    passDeltaOn(pass);
  }

  @Override
  public boolean replacesInputDelta() {
    return true;
  }

  @Override
  public void update(Pass pass, Step step) {
    if (learns) {
      biases.update(pass, step, common.learningRate());
      normalization.scales().update(pass, step, common.learningRate());
    }
  }

  @Override
  public void initialise(CounterRandom random) {
    normalization.scales().fill(1);
  }

  @Override
  public void transfer(WeightsCursor cursor) {
    normalization.transfer(cursor, out.c());
  }

  @Override
  public Map<String, BatchNormalization> normalizations() {
    return Map.of("", normalization);
  }
}
