package plinius.simd;

import static plinius.kernel.WinogradPoints.A;
import static plinius.kernel.WinogradPoints.A2;
import static plinius.kernel.WinogradPoints.B;
import static plinius.kernel.WinogradPoints.B2;
import static plinius.kernel.WinogradPoints.PER_A;
import static plinius.kernel.WinogradPoints.PER_B;
import static plinius.kernel.WinogradPoints.PER_ZERO;
import static plinius.simd.Lanes.FIRST;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The transforms of Winograd's F(4x4, 3x3) for one vector of channels, expression by expression
 * those of the reference. Each runs down the columns first, then along the rows: n times the
 * one-dimensional one, which reads and writes values {@code step} apart, the next {@code next}.
 *
 * <p>Nothing is checked here.
 */
final class WinogradTransforms {
  /** Vectors of a patch of 6 x 6. */
  static final int PATCH = 36;

  private WinogradTransforms() {}

  /** B^T x B: a patch of 6 x 6 inputs to 36 planes. */
  static void input(
      float[] x, int xAt, int xColumn, int xRow, float[] v, int vAt, int plane, float[] patch) {
    input(6, x, xAt, xColumn, xRow, patch, FIRST, LANES, 6 * LANES);
    input(6, patch, FIRST, 6 * LANES, LANES, v, vAt, 6 * plane, plane);
  }

  /** A d A^T: a tile of 4 x 4 deltas to 36 planes. */
  static void delta(
      float[] d, int dAt, int dColumn, int dRow, float[] v, int vAt, int plane, float[] patch) {
    delta(4, d, dAt, dColumn, dRow, patch, FIRST, LANES, 4 * LANES);
    delta(6, patch, FIRST, 4 * LANES, LANES, v, vAt, 6 * plane, plane);
  }

  /** G g G^T: a filter of 3 x 3 weights to 36 planes. */
  static void weights(
      float[] g, int gAt, int gColumn, int gRow, float[] u, int uAt, int plane, float[] patch) {
    weights(3, g, gAt, gColumn, gRow, patch, FIRST, LANES, 3 * LANES);
    weights(6, patch, FIRST, 3 * LANES, LANES, u, uAt, 6 * plane, plane);
  }

  /**
   * A^T m A: 36 planes to the first {@code rows} rows of a tile of 4 x 4 outputs, whose pixels are
   * {@code pixel} apart.
   */
  static void output(
      float[] m, int mAt, int plane, int rows, float[] tile, int tileAt, int pixel, float[] patch) {
    output(6, m, mAt, plane, 6 * plane, patch, FIRST, LANES, 6 * LANES);
    output(rows, patch, FIRST, 6 * LANES, LANES, tile, tileAt, 4 * pixel, pixel);
  }

  /** G^T u G: 36 planes to the updates of 3 x 3 weights, in tile. */
  static void gradient(float[] u, int uAt, int plane, float[] tile, float[] patch) {
    gradient(6, u, uAt, plane, 6 * plane, patch, FIRST, LANES, 6 * LANES);
    gradient(3, patch, FIRST, 6 * LANES, LANES, tile, FIRST, 3 * LANES, LANES);
  }

  private static void input(
      int n, float[] x, int xAt, int xNext, int xStep, float[] y, int yAt, int yNext, int yStep) {
    for (int i = 0, from = xAt, to = yAt; i < n; i++, from += xNext, to += yNext) {
      FloatVector x0 = load(x, from);
      FloatVector x1 = load(x, from + xStep);
      FloatVector x2 = load(x, from + 2 * xStep);
      FloatVector x3 = load(x, from + 3 * xStep);
      FloatVector x4 = load(x, from + 4 * xStep);
      FloatVector x5 = load(x, from + 5 * xStep);
      FloatVector evenA = broadcast(-B2).fma(x2, x4);
      FloatVector oddA = broadcast(-B2).fma(x1, x3);
      FloatVector evenB = broadcast(-A2).fma(x2, x4);
      FloatVector oddB = broadcast(-A2).fma(x1, x3);
      broadcast(A2 * B2).fma(x0, broadcast(-A2 - B2).fma(x2, x4)).intoArray(y, to);
      broadcast(A).fma(oddA, evenA).intoArray(y, to + yStep);
      broadcast(-A).fma(oddA, evenA).intoArray(y, to + 2 * yStep);
      broadcast(B).fma(oddB, evenB).intoArray(y, to + 3 * yStep);
      broadcast(-B).fma(oddB, evenB).intoArray(y, to + 4 * yStep);
      broadcast(A2 * B2).fma(x1, broadcast(-A2 - B2).fma(x3, x5)).intoArray(y, to + 5 * yStep);
    }
  }

  private static void delta(
      int n, float[] x, int xAt, int xNext, int xStep, float[] y, int yAt, int yNext, int yStep) {
    for (int i = 0, from = xAt, to = yAt; i < n; i++, from += xNext, to += yNext) {
      FloatVector x0 = load(x, from);
      FloatVector x1 = load(x, from + xStep);
      FloatVector x2 = load(x, from + 2 * xStep);
      FloatVector x3 = load(x, from + 3 * xStep);
      FloatVector evenA = broadcast(A2).fma(x2, x0);
      FloatVector oddA = broadcast(A2).fma(x3, x1);
      FloatVector evenB = broadcast(B2).fma(x2, x0);
      FloatVector oddB = broadcast(B2).fma(x3, x1);
      x0.intoArray(y, to);
      broadcast(A).fma(oddA, evenA).intoArray(y, to + yStep);
      broadcast(-A).fma(oddA, evenA).intoArray(y, to + 2 * yStep);
      broadcast(B).fma(oddB, evenB).intoArray(y, to + 3 * yStep);
      broadcast(-B).fma(oddB, evenB).intoArray(y, to + 4 * yStep);
      x3.intoArray(y, to + 5 * yStep);
    }
  }

  private static void weights(
      int n, float[] x, int xAt, int xNext, int xStep, float[] y, int yAt, int yNext, int yStep) {
    for (int i = 0, from = xAt, to = yAt; i < n; i++, from += xNext, to += yNext) {
      FloatVector x0 = load(x, from);
      FloatVector x1 = load(x, from + xStep).mul(A);
      FloatVector x1b = load(x, from + xStep).mul(B);
      FloatVector x2 = load(x, from + 2 * xStep);
      FloatVector evenA = broadcast(A2).fma(x2, x0);
      FloatVector evenB = broadcast(B2).fma(x2, x0);
      x0.mul(PER_ZERO).intoArray(y, to);
      evenA.add(x1).mul(PER_A).intoArray(y, to + yStep);
      evenA.sub(x1).mul(PER_A).intoArray(y, to + 2 * yStep);
      evenB.add(x1b).mul(PER_B).intoArray(y, to + 3 * yStep);
      evenB.sub(x1b).mul(PER_B).intoArray(y, to + 4 * yStep);
      x2.intoArray(y, to + 5 * yStep);
    }
  }

  private static void output(
      int n, float[] x, int xAt, int xNext, int xStep, float[] y, int yAt, int yNext, int yStep) {
    for (int i = 0, from = xAt, to = yAt; i < n; i++, from += xNext, to += yNext) {
      FloatVector x0 = load(x, from);
      FloatVector x1 = load(x, from + xStep);
      FloatVector x2 = load(x, from + 2 * xStep);
      FloatVector x3 = load(x, from + 3 * xStep);
      FloatVector x4 = load(x, from + 4 * xStep);
      FloatVector x5 = load(x, from + 5 * xStep);
      FloatVector evenA = x1.add(x2);
      FloatVector oddA = x1.sub(x2);
      FloatVector evenB = x3.add(x4);
      FloatVector oddB = x3.sub(x4);
      x0.add(evenA).add(evenB).intoArray(y, to);
      broadcast(B).fma(oddB, oddA.mul(A)).intoArray(y, to + yStep);
      broadcast(B2).fma(evenB, evenA.mul(A2)).intoArray(y, to + 2 * yStep);
      broadcast(B2 * B).fma(oddB, broadcast(A2 * A).fma(oddA, x5)).intoArray(y, to + 3 * yStep);
    }
  }

  private static void gradient(
      int n, float[] x, int xAt, int xNext, int xStep, float[] y, int yAt, int yNext, int yStep) {
    for (int i = 0, from = xAt, to = yAt; i < n; i++, from += xNext, to += yNext) {
      FloatVector x0 = load(x, from);
      FloatVector x1 = load(x, from + xStep);
      FloatVector x2 = load(x, from + 2 * xStep);
      FloatVector x3 = load(x, from + 3 * xStep);
      FloatVector x4 = load(x, from + 4 * xStep);
      FloatVector x5 = load(x, from + 5 * xStep);
      FloatVector evenA = x1.add(x2).mul(PER_A);
      FloatVector oddA = x1.sub(x2).mul(PER_A);
      FloatVector evenB = x3.add(x4).mul(PER_B);
      FloatVector oddB = x3.sub(x4).mul(PER_B);
      broadcast(PER_ZERO).fma(x0, evenA.add(evenB)).intoArray(y, to);
      broadcast(B).fma(oddB, oddA.mul(A)).intoArray(y, to + yStep);
      broadcast(B2).fma(evenB, broadcast(A2).fma(evenA, x5)).intoArray(y, to + 2 * yStep);
    }
  }
}
