package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;
import static plinius.simd.Lanes.loadPart;
import static plinius.simd.Lanes.storePart;

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
   * @param filters of the block that exist: 1 to BLOCK
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
      int uStep,
      int filters) {
    switch (taps) {
      case 8 ->
          tile8(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt, uStep, filters);
      case 4 ->
          tile4(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt, uStep, filters);
      default -> tile1(x, xAt, xStep, xRow, d, dAt, dStep, dRow, rows, columns, u, uAt, filters);
    }
  }

  private static FloatVector first(float[] u, int at, int filters) {
    return filters >= LANES ? load(u, at) : loadPart(u, at, filters);
  }

  private static FloatVector second(float[] u, int at, int filters) {
    return filters == BLOCK ? load(u, at + LANES) : loadPart(u, at + LANES, filters - LANES);
  }

  private static void store(FloatVector a, FloatVector b, float[] u, int at, int filters) {
    if (filters == BLOCK) {
      a.intoArray(u, at);
      b.intoArray(u, at + LANES);
    } else {
      storePart(a, u, at, Math.min(filters, LANES), false);
      storePart(b, u, at + LANES, filters - LANES, false);
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
      int uStep,
      int filters) {
    FloatVector a0 = first(u, uAt, filters);
    FloatVector b0 = second(u, uAt, filters);
    FloatVector a1 = first(u, uAt + uStep, filters);
    FloatVector b1 = second(u, uAt + uStep, filters);
    FloatVector a2 = first(u, uAt + 2 * uStep, filters);
    FloatVector b2 = second(u, uAt + 2 * uStep, filters);
    FloatVector a3 = first(u, uAt + 3 * uStep, filters);
    FloatVector b3 = second(u, uAt + 3 * uStep, filters);
    FloatVector a4 = first(u, uAt + 4 * uStep, filters);
    FloatVector b4 = second(u, uAt + 4 * uStep, filters);
    FloatVector a5 = first(u, uAt + 5 * uStep, filters);
    FloatVector b5 = second(u, uAt + 5 * uStep, filters);
    FloatVector a6 = first(u, uAt + 6 * uStep, filters);
    FloatVector b6 = second(u, uAt + 6 * uStep, filters);
    FloatVector a7 = first(u, uAt + 7 * uStep, filters);
    FloatVector b7 = second(u, uAt + 7 * uStep, filters);
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
    store(a0, b0, u, uAt, filters);
    store(a1, b1, u, uAt + uStep, filters);
    store(a2, b2, u, uAt + 2 * uStep, filters);
    store(a3, b3, u, uAt + 3 * uStep, filters);
    store(a4, b4, u, uAt + 4 * uStep, filters);
    store(a5, b5, u, uAt + 5 * uStep, filters);
    store(a6, b6, u, uAt + 6 * uStep, filters);
    store(a7, b7, u, uAt + 7 * uStep, filters);
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
      int uStep,
      int filters) {
    FloatVector a0 = first(u, uAt, filters);
    FloatVector b0 = second(u, uAt, filters);
    FloatVector a1 = first(u, uAt + uStep, filters);
    FloatVector b1 = second(u, uAt + uStep, filters);
    FloatVector a2 = first(u, uAt + 2 * uStep, filters);
    FloatVector b2 = second(u, uAt + 2 * uStep, filters);
    FloatVector a3 = first(u, uAt + 3 * uStep, filters);
    FloatVector b3 = second(u, uAt + 3 * uStep, filters);
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
    store(a0, b0, u, uAt, filters);
    store(a1, b1, u, uAt + uStep, filters);
    store(a2, b2, u, uAt + 2 * uStep, filters);
    store(a3, b3, u, uAt + 3 * uStep, filters);
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
      int uAt,
      int filters) {
    FloatVector a0 = first(u, uAt, filters);
    FloatVector b0 = second(u, uAt, filters);
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
    store(a0, b0, u, uAt, filters);
  }
}
