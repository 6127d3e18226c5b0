package plinius.darknet.layer;

import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;

/**
 * Drops values at random while training and scales up the others (darknet dropout_layer.c at
 * f6afaab). The original rewrites the output of the layer before, so that the gradient of that
 * layer's activation sees the scaled values; here it has an output of its own, unless the quirk is
 * on. Which values drop depends on seed, layer, iteration and place alone.
 */
public final class DropoutLayer extends Layer {
  private final float probability;
  private final float scale;
  private final boolean inPlace;
  private final float[] factors; // (batch, out): 0 or scale

  /**
   * A dropout of the output of the layer before.
   *
   * @param beforeOutput the output of the layer before, which the quirk rewrites
   * @param beforeDelta its delta
   */
  public DropoutLayer(
      LayerCommon common,
      Section section,
      Shape in,
      float[] beforeOutput,
      float[] beforeDelta,
      Quirks quirks,
      Storage storage) {
    boolean rewrites = quirks.has(Quirk.DROPOUT_IN_PLACE);
    super(
        common,
        in,
        rewrites ? beforeOutput : storage.activations(in.count()),
        rewrites ? beforeDelta : storage.trainingActivations(in.count()));
    probability = section.decimal("probability");
    scale = (float) (1.0 / (1.0 - probability));
    inPlace = rewrites;
    if (inPlace && common.index() == 0) {
      throw section.refuse("as first layer has no output to rewrite.");
    }
    factors = storage.trainingActivations(out.count());
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int to = pass.from(shard + 1) * out.count();
          if (!pass.training) {
            if (!inPlace) {
              System.arraycopy(pass.input, from, output, from, to - from);
            }
            return;
          }
          long first = (long) pass.firstImage * out.count();
          pass.draws.uniforms(
              common.index(), pass.iteration, first + from, factors, from, to - from);
          for (int i = from; i < to; i++) {
            factors[i] = factors[i] < probability ? 0 : scale;
          }
          for (int i = from; i < to; i++) {
            // Not a product: infinity times 0 would be NaN.
            output[i] = factors[i] == 0 ? 0 : pass.input[i] * factors[i];
          }
        });
  }

  @Override
  public void backward(Pass pass) {
    if (!pass.wantsInputDelta()) {
      return;
    }
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int to = pass.from(shard + 1) * out.count();
          for (int i = from; i < to; i++) {
            float passed = factors[i] == 0 ? 0 : delta[i] * factors[i];
            pass.inputDelta[i] = inPlace ? passed : pass.inputDelta[i] + passed;
          }
        });
  }
}
