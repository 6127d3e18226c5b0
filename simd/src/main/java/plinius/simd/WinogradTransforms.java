package plinius.simd;

import static plinius.kernel.WinogradPoints.A;
import static plinius.kernel.WinogradPoints.A2;
import static plinius.kernel.WinogradPoints.B;
import static plinius.kernel.WinogradPoints.B2;
import static plinius.kernel.WinogradPoints.PER_A;
import static plinius.kernel.WinogradPoints.PER_B;
import static plinius.kernel.WinogradPoints.PER_ZERO;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The transforms of Winograd's F(4x4, 3x3) for one vector of channels, expression by expression
 * those of the reference. Each runs down the columns first, then along the rows. The
 * one-dimensional ones read values {@code step} apart and write them likewise.
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
    for (int column = 0; column < 6; column++) {
      input(x, xAt + column * xColumn, xRow, patch, column * LANES, 6 * LANES);
    }
    for (int row = 0; row < 6; row++) {
      input(patch, row * 6 * LANES, LANES, v, vAt + row * 6 * plane, plane);
    }
  }

  /** A d A^T: a tile of 4 x 4 deltas to 36 planes. */
  static void delta(
      float[] d, int dAt, int dColumn, int dRow, float[] v, int vAt, int plane, float[] patch) {
    for (int column = 0; column < 4; column++) {
      delta(d, dAt + column * dColumn, dRow, patch, column * LANES, 4 * LANES);
    }
    for (int row = 0; row < 6; row++) {
      delta(patch, row * 4 * LANES, LANES, v, vAt + row * 6 * plane, plane);
    }
  }

  /** G g G^T: a filter of 3 x 3 weights to 36 planes. */
  static void weights(
      float[] g, int gAt, int gColumn, int gRow, float[] u, int uAt, int plane, float[] patch) {
    for (int column = 0; column < 3; column++) {
      weights(g, gAt + column * gColumn, gRow, patch, column * LANES, 3 * LANES);
    }
    for (int row = 0; row < 6; row++) {
      weights(patch, row * 3 * LANES, LANES, u, uAt + row * 6 * plane, plane);
    }
  }

  /**
   * A^T m A: 36 planes to the first {@code rows} rows of a tile of 4 x 4 outputs, whose pixels are
   * {@code pixel} apart.
   */
  static void output(
      float[] m, int mAt, int plane, int rows, float[] tile, int tileAt, int pixel, float[] patch) {
    for (int column = 0; column < 6; column++) {
      output(m, mAt + column * plane, 6 * plane, patch, column * LANES, 6 * LANES);
    }
    for (int row = 0; row < rows; row++) {
      output(patch, row * 6 * LANES, LANES, tile, tileAt + row * 4 * pixel, pixel);
    }
  }

  /** G^T u G: 36 planes to the updates of 3 x 3 weights, in tile. */
  static void gradient(float[] u, int uAt, int plane, float[] tile, float[] patch) {
    for (int column = 0; column < 6; column++) {
      gradient(u, uAt + column * plane, 6 * plane, patch, column * LANES, 6 * LANES);
    }
    for (int row = 0; row < 3; row++) {
      gradient(patch, row * 6 * LANES, LANES, tile, row * 3 * LANES, LANES);
    }
  }

  private static void input(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector x0 = load(x, xAt);
    FloatVector x1 = load(x, xAt + xStep);
    FloatVector x2 = load(x, xAt + 2 * xStep);
    FloatVector x3 = load(x, xAt + 3 * xStep);
    FloatVector x4 = load(x, xAt + 4 * xStep);
    FloatVector x5 = load(x, xAt + 5 * xStep);
    FloatVector evenA = broadcast(-B2).fma(x2, x4);
    FloatVector oddA = broadcast(-B2).fma(x1, x3);
    FloatVector evenB = broadcast(-A2).fma(x2, x4);
    FloatVector oddB = broadcast(-A2).fma(x1, x3);
    broadcast(A2 * B2).fma(x0, broadcast(-A2 - B2).fma(x2, x4)).intoArray(y, yAt);
    broadcast(A).fma(oddA, evenA).intoArray(y, yAt + yStep);
    broadcast(-A).fma(oddA, evenA).intoArray(y, yAt + 2 * yStep);
    broadcast(B).fma(oddB, evenB).intoArray(y, yAt + 3 * yStep);
    broadcast(-B).fma(oddB, evenB).intoArray(y, yAt + 4 * yStep);
    broadcast(A2 * B2).fma(x1, broadcast(-A2 - B2).fma(x3, x5)).intoArray(y, yAt + 5 * yStep);
  }

  private static void delta(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector x0 = load(x, xAt);
    FloatVector x1 = load(x, xAt + xStep);
    FloatVector x2 = load(x, xAt + 2 * xStep);
    FloatVector x3 = load(x, xAt + 3 * xStep);
    FloatVector evenA = broadcast(A2).fma(x2, x0);
    FloatVector oddA = broadcast(A2).fma(x3, x1);
    FloatVector evenB = broadcast(B2).fma(x2, x0);
    FloatVector oddB = broadcast(B2).fma(x3, x1);
    x0.intoArray(y, yAt);
    broadcast(A).fma(oddA, evenA).intoArray(y, yAt + yStep);
    broadcast(-A).fma(oddA, evenA).intoArray(y, yAt + 2 * yStep);
    broadcast(B).fma(oddB, evenB).intoArray(y, yAt + 3 * yStep);
    broadcast(-B).fma(oddB, evenB).intoArray(y, yAt + 4 * yStep);
    x3.intoArray(y, yAt + 5 * yStep);
  }

  private static void weights(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector x0 = load(x, xAt);
    FloatVector x1 = load(x, xAt + xStep).mul(A);
    FloatVector x1b = load(x, xAt + xStep).mul(B);
    FloatVector x2 = load(x, xAt + 2 * xStep);
    FloatVector evenA = broadcast(A2).fma(x2, x0);
    FloatVector evenB = broadcast(B2).fma(x2, x0);
    x0.mul(PER_ZERO).intoArray(y, yAt);
    evenA.add(x1).mul(PER_A).intoArray(y, yAt + yStep);
    evenA.sub(x1).mul(PER_A).intoArray(y, yAt + 2 * yStep);
    evenB.add(x1b).mul(PER_B).intoArray(y, yAt + 3 * yStep);
    evenB.sub(x1b).mul(PER_B).intoArray(y, yAt + 4 * yStep);
    x2.intoArray(y, yAt + 5 * yStep);
  }

  private static void output(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector x0 = load(x, xAt);
    FloatVector x1 = load(x, xAt + xStep);
    FloatVector x2 = load(x, xAt + 2 * xStep);
    FloatVector x3 = load(x, xAt + 3 * xStep);
    FloatVector x4 = load(x, xAt + 4 * xStep);
    FloatVector x5 = load(x, xAt + 5 * xStep);
    FloatVector evenA = x1.add(x2);
    FloatVector oddA = x1.sub(x2);
    FloatVector evenB = x3.add(x4);
    FloatVector oddB = x3.sub(x4);
    x0.add(evenA).add(evenB).intoArray(y, yAt);
    broadcast(B).fma(oddB, oddA.mul(A)).intoArray(y, yAt + yStep);
    broadcast(B2).fma(evenB, evenA.mul(A2)).intoArray(y, yAt + 2 * yStep);
    broadcast(B2 * B).fma(oddB, broadcast(A2 * A).fma(oddA, x5)).intoArray(y, yAt + 3 * yStep);
  }

  private static void gradient(float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
    FloatVector x0 = load(x, xAt);
    FloatVector x1 = load(x, xAt + xStep);
    FloatVector x2 = load(x, xAt + 2 * xStep);
    FloatVector x3 = load(x, xAt + 3 * xStep);
    FloatVector x4 = load(x, xAt + 4 * xStep);
    FloatVector x5 = load(x, xAt + 5 * xStep);
    FloatVector evenA = x1.add(x2).mul(PER_A);
    FloatVector oddA = x1.sub(x2).mul(PER_A);
    FloatVector evenB = x3.add(x4).mul(PER_B);
    FloatVector oddB = x3.sub(x4).mul(PER_B);
    broadcast(PER_ZERO).fma(x0, evenA.add(evenB)).intoArray(y, yAt);
    broadcast(B).fma(oddB, oddA.mul(A)).intoArray(y, yAt + yStep);
    broadcast(B2).fma(evenB, broadcast(A2).fma(evenA, x5)).intoArray(y, yAt + 2 * yStep);
  }
}
