package plinius.darknet.layer;

/**
 * Drops values at random while training and scales up the others (darknet dropout_layer.c at
 * f6afaab). The original rewrites the output of the layer before, so that the gradient of that
 * layer's activation sees the scaled values; here it has an output of its own. Which values drop
 * depends on seed, layer, iteration and place alone.
 */
public final class DropoutLayer extends Layer {
  private final float probability = section.decimal("probability");
  private final float scale = (float) (1.0 / (1.0 - probability));
  private final float[] factors = storage.trainingActivations(out.count()); // 0 or scale

  DropoutLayer(Site site) {
    super(site, site.in());
  }

  @Override
  public void forward(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> {
          if (pass.training) {
            long first = (long) pass.moment.firstImage() * out.count() + from;
            pass.means
                .draws()
                .uniforms(index(), pass.moment.iteration(), first, factors, from, to - from);
            for (int i = from; i < to; i++) {
              factors[i] = factors[i] < probability ? 0 : scale;
            }
            for (int i = from; i < to; i++) {
              // Not a product: infinity times 0 would be NaN.
              output[i] = factors[i] == 0 ? 0 : pass.input[i] * factors[i];
            }
          } else {
            System.arraycopy(pass.input, from, output, from, to - from);
          }
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            pass.inputDelta[i] += factors[i] == 0 ? 0 : delta[i] * factors[i];
          }
        });
  }
}
