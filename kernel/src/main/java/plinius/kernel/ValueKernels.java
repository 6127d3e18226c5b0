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
  public void addBias(float[] y, int yAt, int rows, int channels, float[] bias, int bAt) {
    Ranges.rows(y, yAt, rows, channels);
    checkFromIndexSize(bAt, channels, bias.length);
    for (int row = 0; row < rows; row++) {
      add(bias, bAt, y, yAt + row * channels, channels);
    }
  }

  @Override
  public void normalize(
      float[] x, int xAt, int rows, int channels, float[] terms, Activation f, float[] y, int yAt) {
    Ranges.rows(x, xAt, rows, channels);
    Ranges.rows(y, yAt, rows, channels);
    Ranges.rows(terms, 0, 3, channels);
    for (int i = 0; i < rows * channels; i += channels) {
      for (int c = 0; c < channels; c++) {
        float centred = x[xAt + i + c] - terms[c];
        y[yAt + i + c] = f.apply(Math.fma(centred, terms[channels + c], terms[2 * channels + c]));
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
      float[] x, float[] delta, int first, int rows, int channels, float[] terms) {
    Ranges.rows(x, first, rows, channels);
    Ranges.rows(delta, first, rows, channels);
    Ranges.rows(terms, 0, 4, channels);
    for (int i = first; i < first + rows * channels; i += channels) {
      for (int c = 0; c < channels; c++) {
        float scaled = Math.fma(delta[i + c], terms[channels + c], terms[3 * channels + c]);
        delta[i + c] = Math.fma(terms[2 * channels + c], x[i + c] - terms[c], scaled);
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
