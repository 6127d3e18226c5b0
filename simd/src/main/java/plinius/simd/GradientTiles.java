package plinius.simd;

import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of weight gradients: some neighbouring weights of one filter row, times one
 * block of filters, summed over all pixels of an image in registers.
 *
 * <p>Unrolled by hand like {@link ForwardTiles}. Nothing is checked here.
 */
final class GradientTiles {
  private GradientTiles() {}

  /**
   * Adds to {@code taps} (8, 4 or 1) rows of updates.
   *
   * @param x the padded input; the taps lie side by side
   * @param d the delta, whole blocks
   * @param rows output rows that this filter row reaches inside the image
   */
  static void run(
      int taps,
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      float[] d,
      int dAt,
      int dStep,
      int dRow,
      int rows,
      int columns,
      float[] u,
      int uAt,
      int uStep) {
    switch (taps) {
      case 8 -> tile8(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt, uStep);
      case 4 -> tile4(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt, uStep);
      default -> tile1(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt);
    }
  }

  private static void tile8(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      float[] d,
      int dAt,
      int dStep,
      int dRow,
      int rows,
      int columns,
      float[] u,
      int uAt,
      int uStep) {
    FloatVector a0 = load(u, uAt);
    FloatVector b0 = load(u, uAt + LANES);
    FloatVector a1 = load(u, uAt + uStep);
    FloatVector b1 = load(u, uAt + uStep + LANES);
    FloatVector a2 = load(u, uAt + 2 * uStep);
    FloatVector b2 = load(u, uAt + 2 * uStep + LANES);
    FloatVector a3 = load(u, uAt + 3 * uStep);
    FloatVector b3 = load(u, uAt + 3 * uStep + LANES);
    FloatVector a4 = load(u, uAt + 4 * uStep);
    FloatVector b4 = load(u, uAt + 4 * uStep + LANES);
    FloatVector a5 = load(u, uAt + 5 * uStep);
    FloatVector b5 = load(u, uAt + 5 * uStep + LANES);
    FloatVector a6 = load(u, uAt + 6 * uStep);
    FloatVector b6 = load(u, uAt + 6 * uStep + LANES);
    FloatVector a7 = load(u, uAt + 7 * uStep);
    FloatVector b7 = load(u, uAt + 7 * uStep + LANES);
    for (int r = 0; r < rows; r++) {
      int xr = xAt + r * xRow;
      int dr = dAt + r * dRow;
      for (int i = 0; i < columns; i++) {
        FloatVector da = load(d, dr + i * dStep);
        FloatVector db = load(d, dr + i * dStep + LANES);
        FloatVector v0 = broadcast(x[xr + i * xStep]);
        a0 = v0.fma(da, a0);
        b0 = v0.fma(db, b0);
        FloatVector v1 = broadcast(x[xr + i * xStep + 1]);
        a1 = v1.fma(da, a1);
        b1 = v1.fma(db, b1);
        FloatVector v2 = broadcast(x[xr + i * xStep + 2]);
        a2 = v2.fma(da, a2);
        b2 = v2.fma(db, b2);
        FloatVector v3 = broadcast(x[xr + i * xStep + 3]);
        a3 = v3.fma(da, a3);
        b3 = v3.fma(db, b3);
        FloatVector v4 = broadcast(x[xr + i * xStep + 4]);
        a4 = v4.fma(da, a4);
        b4 = v4.fma(db, b4);
        FloatVector v5 = broadcast(x[xr + i * xStep + 5]);
        a5 = v5.fma(da, a5);
        b5 = v5.fma(db, b5);
        FloatVector v6 = broadcast(x[xr + i * xStep + 6]);
        a6 = v6.fma(da, a6);
        b6 = v6.fma(db, b6);
        FloatVector v7 = broadcast(x[xr + i * xStep + 7]);
        a7 = v7.fma(da, a7);
        b7 = v7.fma(db, b7);
      }
    }
    a0.intoArray(u, uAt);
    b0.intoArray(u, uAt + LANES);
    a1.intoArray(u, uAt + uStep);
    b1.intoArray(u, uAt + uStep + LANES);
    a2.intoArray(u, uAt + 2 * uStep);
    b2.intoArray(u, uAt + 2 * uStep + LANES);
    a3.intoArray(u, uAt + 3 * uStep);
    b3.intoArray(u, uAt + 3 * uStep + LANES);
    a4.intoArray(u, uAt + 4 * uStep);
    b4.intoArray(u, uAt + 4 * uStep + LANES);
    a5.intoArray(u, uAt + 5 * uStep);
    b5.intoArray(u, uAt + 5 * uStep + LANES);
    a6.intoArray(u, uAt + 6 * uStep);
    b6.intoArray(u, uAt + 6 * uStep + LANES);
    a7.intoArray(u, uAt + 7 * uStep);
    b7.intoArray(u, uAt + 7 * uStep + LANES);
  }

  private static void tile4(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      float[] d,
      int dAt,
      int dStep,
      int dRow,
      int rows,
      int columns,
      float[] u,
      int uAt,
      int uStep) {
    FloatVector a0 = load(u, uAt);
    FloatVector b0 = load(u, uAt + LANES);
    FloatVector a1 = load(u, uAt + uStep);
    FloatVector b1 = load(u, uAt + uStep + LANES);
    FloatVector a2 = load(u, uAt + 2 * uStep);
    FloatVector b2 = load(u, uAt + 2 * uStep + LANES);
    FloatVector a3 = load(u, uAt + 3 * uStep);
    FloatVector b3 = load(u, uAt + 3 * uStep + LANES);
    for (int r = 0; r < rows; r++) {
      int xr = xAt + r * xRow;
      int dr = dAt + r * dRow;
      for (int i = 0; i < columns; i++) {
        FloatVector da = load(d, dr + i * dStep);
        FloatVector db = load(d, dr + i * dStep + LANES);
        FloatVector v0 = broadcast(x[xr + i * xStep]);
        a0 = v0.fma(da, a0);
        b0 = v0.fma(db, b0);
        FloatVector v1 = broadcast(x[xr + i * xStep + 1]);
        a1 = v1.fma(da, a1);
        b1 = v1.fma(db, b1);
        FloatVector v2 = broadcast(x[xr + i * xStep + 2]);
        a2 = v2.fma(da, a2);
        b2 = v2.fma(db, b2);
        FloatVector v3 = broadcast(x[xr + i * xStep + 3]);
        a3 = v3.fma(da, a3);
        b3 = v3.fma(db, b3);
      }
    }
    a0.intoArray(u, uAt);
    b0.intoArray(u, uAt + LANES);
    a1.intoArray(u, uAt + uStep);
    b1.intoArray(u, uAt + uStep + LANES);
    a2.intoArray(u, uAt + 2 * uStep);
    b2.intoArray(u, uAt + 2 * uStep + LANES);
    a3.intoArray(u, uAt + 3 * uStep);
    b3.intoArray(u, uAt + 3 * uStep + LANES);
  }

  private static void tile1(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      float[] d,
      int dAt,
      int dStep,
      int dRow,
      int rows,
      int columns,
      float[] u,
      int uAt) {
    FloatVector a0 = load(u, uAt);
    FloatVector b0 = load(u, uAt + LANES);
    for (int r = 0; r < rows; r++) {
      int xr = xAt + r * xRow;
      int dr = dAt + r * dRow;
      for (int i = 0; i < columns; i++) {
        FloatVector da = load(d, dr + i * dStep);
        FloatVector db = load(d, dr + i * dStep + LANES);
        FloatVector v0 = broadcast(x[xr + i * xStep]);
        a0 = v0.fma(da, a0);
        b0 = v0.fma(db, b0);
      }
    }
    a0.intoArray(u, uAt);
    b0.intoArray(u, uAt + LANES);
  }
}
