package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.weights.WeightsSource;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * Batch normalisation as a layer of its own (darknet batchnorm_layer.c at f6afaab, which lacks
 * buffers and an update on the CPU). A .weights file has its scales and statistics, not its biases.
 */
public final class BatchnormLayer implements Layer {
  private final LayerCommon common;
  private final Storage storage;
  private final Shape out;
  private final boolean learns;
  private final Slot biases;
  private final BatchNormalization normalization;
  private final Slot biasUpdates;
  private final Slot scaleUpdates;
  private final float[] output; // (batch, h, w, c)
  private final float[] delta; // (batch, h, w, c)

  /** A normalisation of the output of the layer before. */
  public BatchnormLayer(LayerCommon common, Shape in, Quirks quirks, Storage storage) {
    this.common = common;
    this.storage = storage;
    out = in;
    learns = !quirks.has(Quirk.BATCHNORM_NEVER_LEARNS);
    int index = common.index();
    String type = common.type();
    biases = storage.slot(index, type, "biases", Slot.Role.PARAMETER, in.c());
    normalization = new BatchNormalization(storage, index, type, in);
    biasUpdates = storage.slot(index, type, "bias_updates", Slot.Role.OPTIMIZER, in.c());
    scaleUpdates = storage.slot(index, type, "scale_updates", Slot.Role.OPTIMIZER, in.c());
    output = storage.activations(out.count());
    delta = storage.trainingActivations(out.count());
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
    normalization.forward(pass, output, biases.offset(), Activation.LINEAR);
  }

  @Override
  public void backward(Pass pass) {
    normalization.backwardSums(
        pass, output, Activation.LINEAR, delta, biasUpdates.offset(), scaleUpdates.offset());
    pass.runBlocks(
        1,
        (from, to) -> {
          normalization.backwardDelta(pass, delta, from, to);
          if (pass.wantsInputDelta()) {
            int at = from * out.count();
            pass.kernels.add(delta, at, pass.inputDelta, at, (to - from) * out.count());
          }
        });
  }

  @Override
  public void update(Pass pass, Step step) {
    float[] block = storage.block();
    if (learns) {
      Descent.update(pass, step, common, 0, block, biases, biasUpdates);
      Descent.update(pass, step, common, 0, block, normalization.scales(), scaleUpdates);
    }
  }

  @Override
  public void initialise(CounterRandom random) {
    normalization.initialise();
  }

  @Override
  public void load(WeightsSource source) {
    normalization.load(source, out.c());
  }

  @Override
  public LayerCommon common() {
    return common;
  }

  @Override
  public Shape out() {
    return out;
  }

  @Override
  public float[] output() {
    return output;
  }

  @Override
  public float[] delta() {
    return delta;
  }

  @Override
  public Optional<BatchNormalization> normalization() {
    return Optional.of(normalization);
  }
}
