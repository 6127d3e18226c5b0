package plinius.kernel;

import static java.util.Objects.checkFromIndexSize;

/**
 * Kernels over values that do not depend on their neighbours, each as its definition reads. Vector
 * kernels do with these what does not fill a vector.
 */
public abstract class ValueKernels implements Kernels {

  /** For implementations. */
  protected ValueKernels() {}

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
  public void maxpoolBackward(
      PoolShape s, float[] d, int dAt, int[] index, int iAt, float[] dx, int at, int from, int to) {
    Ranges.pooling(s, dx, at, d, dAt, index, iAt, from, to);
    for (int n = from; n < to; n++) {
      for (int i = n * s.outputs(); i < (n + 1) * s.outputs(); i++) {
        if (index[iAt + i] >= 0) {
          dx[at + n * s.inputs() + index[iAt + i]] += d[dAt + i];
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
      float rate, float decay, float momentum, float[] w, int wAt, float[] u, int uAt, int count) {
    checkFromIndexSize(wAt, count, w.length);
    checkFromIndexSize(uAt, count, u.length);
    for (int i = 0; i < count; i++) {
      float update = Math.fma(-decay, w[wAt + i], u[uAt + i]);
      w[wAt + i] = Math.fma(rate, update, w[wAt + i]);
      u[uAt + i] = update * momentum;
    }
  }
}
