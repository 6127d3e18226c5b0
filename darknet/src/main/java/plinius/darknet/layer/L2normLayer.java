package plinius.darknet.layer;

/**
 * Each place's channels over their length (darknet l2norm_layer.c, blas.c l2normalize_cpu at
 * f6afaab). A vector of zeros stays one, as in the CUDA sources; the CPU makes it NaN, and hands
 * the delta back as it is.
 */
class L2normLayer extends Layer {
  private final float[] lengths = storage.activations(in.h() * in.w()); // (batch, h, w)

  L2normLayer(Site site) {
    super(site, site.image());
  }

  @Override
  public void forward(Pass pass) {
    int c = out.c();
    pass.eachShard(
        out.h() * out.w(),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            float sum = 0;
            for (int i = row * c; i < (row + 1) * c; i++) {
              sum += pass.input[i] * pass.input[i];
            }
            float length = (float) Math.sqrt(sum);
            lengths[row] = length == 0 ? 1 : length;
            for (int i = row * c; i < (row + 1) * c; i++) {
              output[i] = pass.input[i] / lengths[row];
            }
          }
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    int c = out.c();
    pass.eachShard(
        out.h() * out.w(),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            float along = 0;
            for (int i = row * c; i < (row + 1) * c; i++) {
              along += delta[i] * output[i];
            }
            for (int i = row * c; i < (row + 1) * c; i++) {
              pass.inputDelta[i] += (delta[i] - along * output[i]) / lengths[row];
            }
          }
        });
  }
}
