package plinius.kernel;

import static java.util.Objects.checkFromIndexSize;

/** The reference: each kernel as its definition reads. */
public final class ScalarKernels implements Kernels {

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void prepareForward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Ranges.prepare(s, weights, wAt, prepared);
    switch (ConvPlan.of(s)) {
      case DIRECT -> System.arraycopy(weights, wAt, prepared, 0, s.weights());
      case WINOGRAD -> ScalarWinograd.prepare(s.c(), s.filters(), weights, wAt, prepared);
    }
  }

  @Override
  public void prepareBackward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Ranges.prepare(s, weights, wAt, prepared);
    switch (ConvPlan.of(s)) {
      case DIRECT -> transpose(s, weights, wAt, prepared);
      case WINOGRAD -> {
        float[] transposed = new float[s.weights()];
        transpose(s, weights, wAt, transposed);
        ScalarWinograd.prepare(s.filters(), s.c(), transposed, 0, prepared);
      }
    }
  }

  /**
   * Turns weights (kh, kw, c / groups, filters) into (group, size-1-kh, size-1-kw, filter of the
   * group, channel of the group): those of the convolution back to the data.
   */
  public static void transpose(ConvShape s, float[] weights, int wAt, float[] transposed) {
    int channels = s.groupChannels();
    int filters = s.groupFilters();
    int taps = s.size() * s.size();
    for (int tap = 0; tap < taps; tap++) {
      for (int c = 0; c < channels; c++) {
        for (int f = 0; f < s.filters(); f++) {
          int group = f / filters;
          int at = ((group * taps + taps - 1 - tap) * filters + f % filters) * channels + c;
          transposed[at] = weights[wAt + (tap * channels + c) * s.filters() + f];
        }
      }
    }
  }

  @Override
  public void convForward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to) {
    Ranges.convolution(s, x, xAt, prepared, y, yAt, from, to);
    switch (ConvPlan.of(s)) {
      case DIRECT -> ScalarConvolution.forward(s, x, xAt, prepared, y, yAt, from, to);
      case WINOGRAD -> ScalarWinograd.forward(s, x, xAt, prepared, y, yAt, from, to);
    }
  }

  @Override
  public void convBackwardData(
      ConvShape s,
      float[] delta,
      int dAt,
      float[] prepared,
      float[] xDelta,
      int xdAt,
      int from,
      int to) {
    Ranges.convolution(s, xDelta, xdAt, prepared, delta, dAt, from, to);
    switch (ConvPlan.of(s)) {
      case DIRECT ->
          ScalarConvolution.backwardData(s, delta, dAt, prepared, xDelta, xdAt, from, to);
      case WINOGRAD -> ScalarWinograd.backwardData(s, delta, dAt, prepared, xDelta, xdAt, from, to);
    }
  }

  @Override
  public void convBackwardWeights(
      ConvShape s,
      float[] x,
      int xAt,
      float[] delta,
      int dAt,
      float[] updates,
      int uAt,
      int from,
      int to) {
    Ranges.gradients(s, x, xAt, delta, dAt, updates, uAt, from, to);
    switch (ConvPlan.of(s)) {
      case DIRECT ->
          ScalarConvolution.backwardWeights(s, x, xAt, delta, dAt, updates, uAt, from, to);
      case WINOGRAD ->
          ScalarWinograd.backwardWeights(s, x, xAt, delta, dAt, updates, uAt, from, to);
    }
  }

  @Override
  public void convSums(
      ConvShape s,
      float[] x,
      int xAt,
      float[] delta,
      int dAt,
      float[] sums,
      int sAt,
      int from,
      int to) {
    Ranges.sums(s, x, xAt, delta, dAt, sums, sAt, from, to);
    ScalarWinograd.sums(s, x, xAt, delta, dAt, sums, sAt, from, to);
  }

  @Override
  public void convUpdates(ConvShape s, float[] sums, int sAt, float[] updates, int uAt) {
    Ranges.updates(s, sums, sAt, updates, uAt);
    ScalarWinograd.updates(s, sums, sAt, updates, uAt);
  }

  @Override
  public void addBias(float[] y, int yAt, int rows, int channels, float[] bias, int bAt) {
    Ranges.rows(y, yAt, rows, channels);
    checkFromIndexSize(bAt, channels, bias.length);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        y[yAt + row * channels + c] += bias[bAt + c];
      }
    }
  }

  @Override
  public void channelSums(float[] x, int xAt, int rows, int channels, float[] sums, int sAt) {
    Ranges.rows(x, xAt, rows, channels);
    checkFromIndexSize(sAt, channels, sums.length);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        sums[sAt + c] += x[xAt + row * channels + c];
      }
    }
  }

  @Override
  public void channelSquares(
      float[] x, int xAt, int rows, int channels, float[] mean, int mAt, float[] sums, int sAt) {
    Ranges.rows(x, xAt, rows, channels);
    checkFromIndexSize(mAt, channels, mean.length);
    checkFromIndexSize(sAt, channels, sums.length);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        float d = x[xAt + row * channels + c] - mean[mAt + c];
        sums[sAt + c] = Math.fma(d, d, sums[sAt + c]);
      }
    }
  }

  @Override
  public void channelProducts(
      float[] a, int aAt, float[] b, int bAt, int rows, int channels, float[] sums, int sAt) {
    Ranges.rows(a, aAt, rows, channels);
    Ranges.rows(b, bAt, rows, channels);
    checkFromIndexSize(sAt, channels, sums.length);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        int i = row * channels + c;
        sums[sAt + c] = Math.fma(a[aAt + i], b[bAt + i], sums[sAt + c]);
      }
    }
  }

  @Override
  public void normalize(
      float[] x,
      int xAt,
      int rows,
      int channels,
      float[] mean,
      int mAt,
      float[] variance,
      int vAt,
      float[] scale,
      int sAt,
      float[] bias,
      int bAt,
      Activation activation,
      float[] y,
      int yAt) {
    Ranges.rows(x, xAt, rows, channels);
    Ranges.rows(y, yAt, rows, channels);
    checkFromIndexSize(mAt, channels, mean.length);
    checkFromIndexSize(vAt, channels, variance.length);
    checkFromIndexSize(sAt, channels, scale.length);
    checkFromIndexSize(bAt, channels, bias.length);
    for (int c = 0; c < channels; c++) {
      float factor = scale[sAt + c] / ((float) Math.sqrt(variance[vAt + c]) + 0.000001f);
      for (int i = c; i < rows * channels; i += channels) {
        float centred = x[xAt + i] - mean[mAt + c];
        y[yAt + i] = activation.apply(Math.fma(centred, factor, bias[bAt + c]));
      }
    }
  }

  @Override
  public void normalizeSums(
      Activation activation,
      float[] y,
      int yAt,
      float[] delta,
      float[] x,
      int first,
      int rows,
      int channels,
      float[] mean,
      float[] sums,
      float[] deviations,
      int at) {
    Ranges.rows(y, yAt, rows, channels);
    Ranges.rows(delta, first, rows, channels);
    Ranges.rows(x, first, rows, channels);
    checkFromIndexSize(0, channels, mean.length);
    checkFromIndexSize(at, channels, sums.length);
    checkFromIndexSize(at, channels, deviations.length);
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        int i = first + row * channels + c;
        delta[i] *= activation.gradient(y[yAt + i - first]);
        sums[at + c] += delta[i];
        deviations[at + c] = Math.fma(delta[i], x[i] - mean[c], deviations[at + c]);
      }
    }
  }

  @Override
  public void normalizeDelta(
      float[] x,
      float[] delta,
      int first,
      int rows,
      int channels,
      float[] mean,
      float[] variance,
      float[] scale,
      int sAt,
      float[] meanDelta,
      float[] varianceDelta,
      int n) {
    Ranges.rows(x, first, rows, channels);
    Ranges.rows(delta, first, rows, channels);
    checkFromIndexSize(0, channels, mean.length);
    checkFromIndexSize(0, channels, variance.length);
    checkFromIndexSize(sAt, channels, scale.length);
    checkFromIndexSize(0, channels, meanDelta.length);
    checkFromIndexSize(0, channels, varianceDelta.length);
    for (int c = 0; c < channels; c++) {
      float factor = scale[sAt + c] / (float) Math.sqrt(variance[c] + 0.00001f);
      float perValue = varianceDelta[c] * 2 / n;
      float constant = meanDelta[c] / n;
      for (int i = first + c; i < first + rows * channels; i += channels) {
        delta[i] = Math.fma(perValue, x[i] - mean[c], Math.fma(delta[i], factor, constant));
      }
    }
  }

  @Override
  public void activate(Activation activation, float[] x, int xAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    for (int i = xAt; i < xAt + count; i++) {
      x[i] = activation.apply(x[i]);
    }
  }

  @Override
  public void gradient(
      Activation activation, float[] y, int yAt, float[] delta, int dAt, int count) {
    checkFromIndexSize(yAt, count, y.length);
    checkFromIndexSize(dAt, count, delta.length);
    for (int i = 0; i < count; i++) {
      delta[dAt + i] *= activation.gradient(y[yAt + i]);
    }
  }

  @Override
  public void maxpoolForward(
      PoolShape s,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int[] indexes,
      int iAt,
      int from,
      int to) {
    Ranges.pooling(s, x, xAt, y, yAt, indexes, iAt, from, to);
    int first = -(s.padding() / 2);
    for (int n = from; n < to; n++) {
      int image = xAt + n * s.inputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        for (int ow = 0; ow < s.outW(); ow++) {
          for (int c = 0; c < s.c(); c++) {
            float max = -Float.MAX_VALUE;
            int index = -1;
            for (int kh = 0; kh < s.size(); kh++) {
              int ih = first + oh * s.stride() + kh;
              for (int kw = 0; kw < s.size(); kw++) {
                int iw = first + ow * s.stride() + kw;
                if (ih < 0 || ih >= s.h() || iw < 0 || iw >= s.w()) {
                  continue;
                }
                int at = (ih * s.w() + iw) * s.c() + c;
                if (x[image + at] > max) {
                  max = x[image + at];
                  index = at;
                }
              }
            }
            int out = n * s.outputs() + (oh * s.outW() + ow) * s.c() + c;
            y[yAt + out] = max;
            indexes[iAt + out] = index;
          }
        }
      }
    }
  }

  @Override
  public void maxpoolBackward(
      PoolShape s,
      float[] delta,
      int dAt,
      int[] indexes,
      int iAt,
      float[] xDelta,
      int xdAt,
      int from,
      int to) {
    Ranges.pooling(s, xDelta, xdAt, delta, dAt, indexes, iAt, from, to);
    for (int n = from; n < to; n++) {
      for (int i = n * s.outputs(); i < (n + 1) * s.outputs(); i++) {
        if (indexes[iAt + i] >= 0) {
          xDelta[xdAt + n * s.inputs() + indexes[iAt + i]] += delta[dAt + i];
        }
      }
    }
  }

  @Override
  public void axpy(float alpha, float[] x, int xAt, float[] y, int yAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    checkFromIndexSize(yAt, count, y.length);
    for (int i = 0; i < count; i++) {
      y[yAt + i] = Math.fma(alpha, x[xAt + i], y[yAt + i]);
    }
  }

  @Override
  public void scale(float alpha, float[] x, int xAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    for (int i = xAt; i < xAt + count; i++) {
      x[i] *= alpha;
    }
  }

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    checkFromIndexSize(yAt, count, y.length);
    for (int i = 0; i < count; i++) {
      y[yAt + i] += x[xAt + i];
    }
  }

  @Override
  public void sgd(
      float rate,
      float decay,
      float momentum,
      float[] weights,
      int wAt,
      float[] updates,
      int uAt,
      int count) {
    checkFromIndexSize(wAt, count, weights.length);
    checkFromIndexSize(uAt, count, updates.length);
    for (int i = 0; i < count; i++) {
      float update = Math.fma(-decay, weights[wAt + i], updates[uAt + i]);
      weights[wAt + i] = Math.fma(rate, update, weights[wAt + i]);
      updates[uAt + i] = update * momentum;
    }
  }
}
