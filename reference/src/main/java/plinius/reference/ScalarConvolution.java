package plinius.reference;

import java.util.Arrays;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * Convolution as its definition reads ({@link ConvPlan#DIRECT}). Filters run in the innermost
 * loops, because they lie side by side; each output still has its own sum in the stated order.
 */
final class ScalarConvolution {
  private ScalarConvolution() {}

  static void forward(
      ConvShape s, float[] x, int xAt, float[] weights, float[] y, int yAt, int from, int to) {
    int channels = s.groupChannels();
    int filters = s.groupFilters();
    for (int n = from; n < to; n++) {
      int image = xAt + n * s.inputs();
      int pixel = yAt + n * s.outputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        for (int ow = 0; ow < s.outW(); ow++, pixel += s.filters()) {
          Arrays.fill(y, pixel, pixel + s.filters(), 0);
          for (int tap = 0; tap < s.size() * s.size(); tap++) {
            int ih = oh * s.stride() + tap / s.size() - s.pad();
            int iw = ow * s.stride() + tap % s.size() - s.pad();
            if (ih < 0 || ih >= s.h()) {
              continue;
            }
            boolean inside = iw >= 0 && iw < s.w();
            for (int i = 0; i < s.c(); i++) {
              float value = inside ? x[image + (ih * s.w() + iw) * s.c() + i] : 0;
              int first = i / channels * filters;
              int w = (tap * channels + i % channels) * s.filters() + first;
              multiplyAdd(value, weights, w, y, pixel + first, filters);
            }
          }
        }
      }
    }
  }

  /**
   * Turns weights (kh, kw, c / groups, filters) into (group, size-1-kh, size-1-kw, filter of the
   * group, channel of the group): those of the convolution back to the data.
   */
  static void transpose(ConvShape s, float[] weights, int wAt, float[] transposed) {
    int channels = s.groupChannels();
    int filters = s.groupFilters();
    int taps = s.size() * s.size();
    for (int tap = 0; tap < taps; tap++) {
      for (int i = 0; i < channels; i++) {
        for (int f = 0; f < s.filters(); f++) {
          int row = (f / filters * taps + taps - 1 - tap) * filters + f % filters;
          transposed[row * channels + i] = weights[wAt + (tap * channels + i) * s.filters() + f];
        }
      }
    }
  }

  static void backwardData(
      ConvShape s,
      float[] delta,
      int dAt,
      float[] transposed,
      float[] xDelta,
      int xdAt,
      int from,
      int to) {
    int channels = s.groupChannels();
    int filters = s.groupFilters();
    int taps = s.size() * s.size();
    float[] sums = new float[s.c()];
    for (int n = from; n < to; n++) {
      int image = dAt + n * s.outputs();
      int pixel = xdAt + n * s.inputs();
      for (int ih = 0; ih < s.h(); ih++) {
        for (int iw = 0; iw < s.w(); iw++, pixel += s.c()) {
          Arrays.fill(sums, 0);
          for (int tap = 0; tap < taps; tap++) {
            int oh = output(s, ih + s.pad() - (s.size() - 1) + tap / s.size(), s.outH());
            int ow = output(s, iw + s.pad() - (s.size() - 1) + tap % s.size(), s.outW());
            if (oh < 0) {
              continue;
            }
            for (int f = 0; f < s.filters(); f++) {
              float value = ow < 0 ? 0 : delta[image + (oh * s.outW() + ow) * s.filters() + f];
              int group = f / filters;
              int w = ((group * taps + tap) * filters + f % filters) * channels;
              multiplyAdd(value, transposed, w, sums, group * channels, channels);
            }
          }
          for (int c = 0; c < s.c(); c++) {
            xDelta[pixel + c] += sums[c];
          }
        }
      }
    }
  }

  /** The row or column of the output whose filter starts at this one of the input, or -1. */
  private static int output(ConvShape s, int start, int outputs) {
    boolean hit = start >= 0 && start % s.stride() == 0 && start / s.stride() < outputs;
    return hit ? start / s.stride() : -1;
  }

  static void backwardWeights(
      ConvShape s,
      float[] x,
      int xAt,
      float[] delta,
      int dAt,
      float[] updates,
      int uAt,
      int from,
      int to) {
    int channels = s.groupChannels();
    int filters = s.groupFilters();
    for (int n = from; n < to; n++) {
      int image = xAt + n * s.inputs();
      int pixel = dAt + n * s.outputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        for (int ow = 0; ow < s.outW(); ow++, pixel += s.filters()) {
          for (int tap = 0; tap < s.size() * s.size(); tap++) {
            int ih = oh * s.stride() + tap / s.size() - s.pad();
            int iw = ow * s.stride() + tap % s.size() - s.pad();
            if (ih < 0 || ih >= s.h()) {
              continue;
            }
            boolean inside = iw >= 0 && iw < s.w();
            for (int i = 0; i < s.c(); i++) {
              float value = inside ? x[image + (ih * s.w() + iw) * s.c() + i] : 0;
              int first = i / channels * filters;
              int u = uAt + (tap * channels + i % channels) * s.filters() + first;
              multiplyAdd(value, delta, pixel + first, updates, u, filters);
            }
          }
        }
      }
    }
  }

  /** y[i] += a * x[i]. */
  static void multiplyAdd(float a, float[] x, int xAt, float[] y, int yAt, int count) {
    for (int i = 0; i < count; i++) {
      y[yAt + i] = Math.fma(a, x[xAt + i], y[yAt + i]);
    }
  }
}
