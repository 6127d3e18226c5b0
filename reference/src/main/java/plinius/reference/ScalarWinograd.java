package plinius.reference;

import static plinius.kernel.ConvPlan.PATCH;
import static plinius.kernel.ConvPlan.TILE;
import static plinius.kernel.WinogradPoints.A;
import static plinius.kernel.WinogradPoints.A2;
import static plinius.kernel.WinogradPoints.B;
import static plinius.kernel.WinogradPoints.B2;
import static plinius.kernel.WinogradPoints.PER_A;
import static plinius.kernel.WinogradPoints.PER_B;
import static plinius.kernel.WinogradPoints.PER_ZERO;
import static plinius.reference.ScalarConvolution.multiplyAdd;

import java.util.Arrays;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.WinogradPoints;

/**
 * Winograd's F(4x4, 3x3) as its definition reads ({@link ConvPlan#WINOGRAD}): tile by tile, channel
 * by channel (Lavin and Gray 2016, section 4), with the points of {@link WinogradPoints}.
 *
 * <p>The one-dimensional transforms state which products are fused: that order is part of {@link
 * Kernels#VERSION}.
 */
final class ScalarWinograd {
  private static final int PLANES = PATCH * PATCH;

  private ScalarWinograd() {}

  /** A transform of values at, at + step, ... in place. */
  private interface Transform {
    void apply(float[] values, int at, int step);
  }

  /** Down the {@code columns} first, then along the {@code rows}; a patch has 6 values a row. */
  private static void transform(Transform transform, float[] patch, int columns, int rows) {
    for (int column = 0; column < columns; column++) {
      transform.apply(patch, column, PATCH);
    }
    for (int row = 0; row < rows; row++) {
      transform.apply(patch, row * PATCH, 1);
    }
  }

  /** Weights (kh, kw, c, filters) to (plane, c, filters): G w G^T. */
  static void prepare(int c, int filters, float[] weights, int wAt, float[] prepared) {
    float[] patch = new float[PLANES];
    int count = c * filters;
    for (int i = 0; i < count; i++) {
      for (int tap = 0; tap < 9; tap++) {
        patch[tap / 3 * PATCH + tap % 3] = weights[wAt + tap * count + i];
      }
      transform(ScalarWinograd::weights, patch, 3, PATCH);
      for (int p = 0; p < PLANES; p++) {
        prepared[p * count + i] = patch[p];
      }
    }
  }

  static void forward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to) {
    for (int n = from; n < to; n++) {
      Image in = new Image(x, xAt + n * s.inputs(), s.h(), s.w(), s.c());
      Image out = new Image(y, yAt + n * s.outputs(), s.outH(), s.outW(), s.filters());
      correlate(in, s.pad(), prepared, out, false);
    }
  }

  static void backwardData(
      ConvShape s,
      float[] delta,
      int dAt,
      float[] prepared,
      float[] xDelta,
      int xdAt,
      int from,
      int to) {
    for (int n = from; n < to; n++) {
      Image in = new Image(delta, dAt + n * s.outputs(), s.outH(), s.outW(), s.filters());
      Image out = new Image(xDelta, xdAt + n * s.inputs(), s.h(), s.w(), s.c());
      correlate(in, 2 - s.pad(), prepared, out, true);
    }
  }

  /** An image within an array, zero outside. */
  private static final class Image {
    final float[] values;
    final int at;
    final int h;
    final int w;
    final int c;

    Image(float[] values, int at, int h, int w, int c) {
      this.values = values;
      this.at = at;
      this.h = h;
      this.w = w;
      this.c = c;
    }

    boolean holds(int row, int column) {
      return row >= 0 && row < h && column >= 0 && column < w;
    }

    int index(int row, int column, int channel) {
      return at + (row * w + column) * c + channel;
    }

    /** planes (plane, c) = the transform of the size x size values from (top, left) on. */
    void planes(Transform transform, int top, int left, int size, float[] planes) {
      float[] patch = new float[PLANES];
      for (int channel = 0; channel < c; channel++) {
        for (int i = 0; i < size * size; i++) {
          int row = top + i / size;
          int column = left + i % size;
          patch[i / size * PATCH + i % size] =
              holds(row, column) ? values[index(row, column, channel)] : 0;
        }
        transform(transform, patch, size, PATCH);
        for (int p = 0; p < PLANES; p++) {
          planes[p * c + channel] = patch[p];
        }
      }
    }
  }

  private static void correlate(Image in, int pad, float[] prepared, Image out, boolean add) {
    float[] v = new float[PLANES * in.c];
    float[] m = new float[PLANES * out.c];
    float[] patch = new float[PLANES];
    for (int top = 0; top < out.h; top += TILE) {
      for (int left = 0; left < out.w; left += TILE) {
        in.planes(ScalarWinograd::input, top - pad, left - pad, PATCH, v);
        Arrays.fill(m, 0);
        for (int i = 0; i < PLANES * in.c; i++) {
          multiplyAdd(v[i], prepared, i * out.c, m, i / in.c * out.c, out.c);
        }
        for (int f = 0; f < out.c; f++) {
          for (int p = 0; p < PLANES; p++) {
            patch[p] = m[p * out.c + f];
          }
          transform(ScalarWinograd::output, patch, PATCH, TILE);
          for (int i = 0; i < TILE * TILE; i++) {
            if (out.holds(top + i / TILE, left + i % TILE)) {
              int at = out.index(top + i / TILE, left + i % TILE, f);
              float value = patch[i / TILE * PATCH + i % TILE];
              out.values[at] = add ? out.values[at] + value : value;
            }
          }
        }
      }
    }
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
    float[] u = new float[ConvPlan.sumFloats(s)];
    sums(s, x, xAt, delta, dAt, u, 0, from, to);
    updates(s, u, 0, updates, uAt);
  }

  /** u (plane, c, filters) += (B^T x B) . (A delta A^T). */
  static void sums(
      ConvShape s,
      float[] x,
      int xAt,
      float[] delta,
      int dAt,
      float[] u,
      int uAt,
      int from,
      int to) {
    int c = s.c();
    int filters = s.filters();
    float[] v = new float[PLANES * c];
    float[] d = new float[PLANES * filters];
    for (int n = from; n < to; n++) {
      Image in = new Image(x, xAt + n * s.inputs(), s.h(), s.w(), c);
      Image out = new Image(delta, dAt + n * s.outputs(), s.outH(), s.outW(), filters);
      for (int top = 0; top < s.outH(); top += TILE) {
        for (int left = 0; left < s.outW(); left += TILE) {
          in.planes(ScalarWinograd::input, top - s.pad(), left - s.pad(), PATCH, v);
          out.planes(ScalarWinograd::delta, top, left, TILE, d);
          for (int i = 0; i < PLANES * c; i++) {
            multiplyAdd(v[i], d, i / c * filters, u, uAt + i * filters, filters);
          }
        }
      }
    }
  }

  /** updates += G^T u G. */
  static void updates(ConvShape s, float[] u, int from, float[] updates, int uAt) {
    int c = s.c();
    int filters = s.filters();
    float[] patch = new float[PLANES];
    for (int i = 0; i < c * filters; i++) {
      for (int p = 0; p < PLANES; p++) {
        patch[p] = u[from + p * c * filters + i];
      }
      transform(ScalarWinograd::gradient, patch, PATCH, 3);
      for (int tap = 0; tap < 9; tap++) {
        updates[uAt + tap * c * filters + i] += patch[tap / 3 * PATCH + tap % 3];
      }
    }
  }

  /** B^T: 6 inputs to 6. */
  private static void input(float[] x, int at, int step) {
    float x0 = x[at];
    float x1 = x[at + step];
    float x2 = x[at + 2 * step];
    float x3 = x[at + 3 * step];
    float x4 = x[at + 4 * step];
    float x5 = x[at + 5 * step];
    float evenA = Math.fma(-B2, x2, x4);
    float oddA = Math.fma(-B2, x1, x3);
    float evenB = Math.fma(-A2, x2, x4);
    float oddB = Math.fma(-A2, x1, x3);
    x[at] = Math.fma(A2 * B2, x0, Math.fma(-A2 - B2, x2, x4));
    x[at + step] = Math.fma(A, oddA, evenA);
    x[at + 2 * step] = Math.fma(-A, oddA, evenA);
    x[at + 3 * step] = Math.fma(B, oddB, evenB);
    x[at + 4 * step] = Math.fma(-B, oddB, evenB);
    x[at + 5 * step] = Math.fma(A2 * B2, x1, Math.fma(-A2 - B2, x3, x5));
  }

  /** A: 4 deltas to 6. */
  private static void delta(float[] x, int at, int step) {
    float x0 = x[at];
    float x1 = x[at + step];
    float x2 = x[at + 2 * step];
    float x3 = x[at + 3 * step];
    float evenA = Math.fma(A2, x2, x0);
    float oddA = Math.fma(A2, x3, x1);
    float evenB = Math.fma(B2, x2, x0);
    float oddB = Math.fma(B2, x3, x1);
    x[at + step] = Math.fma(A, oddA, evenA);
    x[at + 2 * step] = Math.fma(-A, oddA, evenA);
    x[at + 3 * step] = Math.fma(B, oddB, evenB);
    x[at + 4 * step] = Math.fma(-B, oddB, evenB);
    x[at + 5 * step] = x3;
  }

  /** G: 3 weights to 6. */
  private static void weights(float[] x, int at, int step) {
    float x0 = x[at];
    float x1 = x[at + step];
    float x2 = x[at + 2 * step];
    float evenA = Math.fma(A2, x2, x0);
    float evenB = Math.fma(B2, x2, x0);
    x[at] = x0 * PER_ZERO;
    x[at + step] = (evenA + x1 * A) * PER_A;
    x[at + 2 * step] = (evenA - x1 * A) * PER_A;
    x[at + 3 * step] = (evenB + x1 * B) * PER_B;
    x[at + 4 * step] = (evenB - x1 * B) * PER_B;
    x[at + 5 * step] = x2;
  }

  /** A^T: 6 products to 4 outputs. */
  private static void output(float[] x, int at, int step) {
    float x0 = x[at];
    float evenA = x[at + step] + x[at + 2 * step];
    float oddA = x[at + step] - x[at + 2 * step];
    float evenB = x[at + 3 * step] + x[at + 4 * step];
    float oddB = x[at + 3 * step] - x[at + 4 * step];
    float x5 = x[at + 5 * step];
    x[at] = (x0 + evenA) + evenB;
    x[at + step] = Math.fma(B, oddB, oddA * A);
    x[at + 2 * step] = Math.fma(B2, evenB, evenA * A2);
    x[at + 3 * step] = Math.fma(B2 * B, oddB, Math.fma(A2 * A, oddA, x5));
  }

  /** G^T: 6 sums to 3 updates. */
  private static void gradient(float[] x, int at, int step) {
    float x0 = x[at];
    float evenA = (x[at + step] + x[at + 2 * step]) * PER_A;
    float oddA = (x[at + step] - x[at + 2 * step]) * PER_A;
    float evenB = (x[at + 3 * step] + x[at + 4 * step]) * PER_B;
    float oddB = (x[at + 3 * step] - x[at + 4 * step]) * PER_B;
    float x5 = x[at + 5 * step];
    x[at] = Math.fma(PER_ZERO, x0, evenA + evenB);
    x[at + step] = Math.fma(B, oddB, oddA * A);
    x[at + 2 * step] = Math.fma(B2, evenB, Math.fma(A2, evenA, x5));
  }
}
