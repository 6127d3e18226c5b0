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
              int sign = Float.floatToRawIntBits(factors[i] - probability) >> 31; // -1 or 0
              factors[i] = scale * (1 + sign);
              output[i] = kept(i, pass.input[i]);
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
            pass.inputDelta[i] += kept(i, delta[i]);
          }
        });
  }

  /**
   * A value scaled up, or 0 if it is dropped: not a product with 0, which infinity makes NaN, and
   * without a branch, which no processor foresees.
   */
  private float kept(int i, float value) {
    int mask = -Float.floatToRawIntBits(factors[i]) >> 31;
    return Float.intBitsToFloat(Float.floatToRawIntBits(value * factors[i]) & mask);
  }
}
