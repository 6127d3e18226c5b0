package plinius.reference;

import static java.util.Objects.checkFromIndexSize;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.PoolShape;
import plinius.kernel.Ranges;
import plinius.kernel.ValueKernels;

/** The reference: each kernel as its definition reads. */
public final class ScalarKernels extends ValueKernels {

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int lanes() {
    return 1;
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
      case DIRECT -> ScalarConvolution.transpose(s, weights, wAt, prepared);
      case WINOGRAD -> {
        float[] transposed = new float[s.weights()];
        ScalarConvolution.transpose(s, weights, wAt, transposed);
        ScalarWinograd.prepare(s.filters(), s.c(), transposed, 0, prepared);
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
      ConvShape s, float[] d, int dAt, float[] prepared, float[] dx, int dxAt, int from, int to) {
    Ranges.convolution(s, dx, dxAt, prepared, d, dAt, from, to);
    switch (ConvPlan.of(s)) {
      case DIRECT -> ScalarConvolution.backwardData(s, d, dAt, prepared, dx, dxAt, from, to);
      case WINOGRAD -> ScalarWinograd.backwardData(s, d, dAt, prepared, dx, dxAt, from, to);
    }
  }

  @Override
  public void convBackwardWeights(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] u, int uAt, int from, int to) {
    Ranges.gradients(s, x, xAt, d, dAt, u, uAt, from, to);
    switch (ConvPlan.of(s)) {
      case DIRECT -> ScalarConvolution.backwardWeights(s, x, xAt, d, dAt, u, uAt, from, to);
      case WINOGRAD -> ScalarWinograd.backwardWeights(s, x, xAt, d, dAt, u, uAt, from, to);
    }
  }

  @Override
  public void convSums(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] sums, int at, int from, int to) {
    Ranges.sums(s, x, xAt, d, dAt, sums, at, from, to);
    ScalarWinograd.sums(s, x, xAt, d, dAt, sums, at, from, to);
  }

  @Override
  public void convUpdates(ConvShape s, float[] sums, int sAt, float[] updates, int uAt) {
    Ranges.updates(s, sums, sAt, updates, uAt);
    ScalarWinograd.updates(s, sums, sAt, updates, uAt);
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
  public void maxpoolForward(
      PoolShape s, float[] x, int xAt, float[] y, int yAt, int[] index, int iAt, int from, int to) {
    Ranges.pooling(s, x, xAt, y, yAt, index, iAt, from, to);
    int first = -(s.padding() / 2);
    for (int n = from; n < to; n++) {
      int image = xAt + n * s.inputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        for (int ow = 0; ow < s.outW(); ow++) {
          for (int c = 0; c < s.c(); c++) {
            float max = -Float.MAX_VALUE;
            int winner = -1;
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
                  winner = at;
                }
              }
            }
            int out = n * s.outputs() + (oh * s.outW() + ow) * s.c() + c;
            y[yAt + out] = max;
            index[iAt + out] = winner;
          }
        }
      }
    }
  }
}
