package plinius.darknet.layer;

/**
 * Local response normalisation over neighbouring channels (darknet normalization_layer.c at
 * f6afaab): y = x * norm^-beta. As there, the norm of channel 0 sums the squares of the channels
 * before size / 2, and channel size / 2 itself only ever leaves the window. The original's backward
 * leaves the norm's own dependence on x out.
 */
class NormalizationLayer extends Layer {
  private final int size = section.integer("size");
  private final float alpha = section.decimal("alpha");
  private final float beta = section.decimal("beta");
  private final float kappa = section.decimal("kappa");
  private final float[] norms = storage.activations(out.count()); // (batch, h, w, c)

  NormalizationLayer(Site site) {
    super(site, site.image());
    if (size / 2 > in.c()) {
      throw section.refuse("size", "is more than twice the " + in.c() + " channels.");
    }
  }

  @Override
  public void forward(Pass pass) {
    int c = out.c();
    float[] x = pass.input;
    pass.eachShard(
        out.count(),
        (from, to) -> {
          for (int at = from; at < to; at += c) {
            float norm = kappa;
            for (int k = 0; k < size / 2; k++) {
              norm += alpha * (x[at + k] * x[at + k]);
            }
            for (int k = 0; k < c; k++) {
              int leaves = k - (size - 1) / 2 - 1;
              int enters = k + size / 2;
              if (k > 0 && leaves >= 0) {
                norm += -alpha * (x[at + leaves] * x[at + leaves]);
              }
              if (k > 0 && enters < c) {
                norm += alpha * (x[at + enters] * x[at + enters]);
              }
              norms[at + k] = norm;
              output[at + k] = (float) StrictMath.pow(norm, -beta) * x[at + k];
            }
          }
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    int c = out.c();
    pass.eachShard(
        out.count(),
        (from, to) -> {
          for (int at = from; at < to; at += c) {
            for (int k = 0; k < c; k++) {
              pass.inputDelta[at + k] +=
                  (float) StrictMath.pow(norms[at + k], -beta) * delta[at + k];
            }
            throughNorms(pass, at);
          }
        });
  }

  /** What each channel does to the norms that it is part of. */
  void throughNorms(Pass pass, int at) {
    int c = out.c();
    float[] x = pass.input;
    // after[k]: the sum over the channels from k on of delta * y' by the norm.
    double[] after = new double[c + 1];
    for (int k = c - 1; k >= 0; k--) {
      double slope = StrictMath.pow(norms[at + k], -beta - 1.0);
      after[k] = after[k + 1] + delta[at + k] * x[at + k] * slope;
    }
    for (int k = 0; k < c; k++) {
      int entered = k < size / 2 ? 0 : Math.min(c, k - size / 2);
      int left = Math.min(c, k + (size - 1) / 2 + 1);
      double within = after[entered] - after[left];
      if (k == size / 2) {
        within = -after[left]; // never enters, but leaves
      }
      pass.inputDelta[at + k] += (float) (-2.0 * alpha * beta * x[at + k] * within);
    }
  }
}
