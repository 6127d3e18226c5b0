package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FLOATS;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of convolution: some pixels of one output row, times one block of filters,
 * their sums in registers.
 *
 * <p>Unrolled by hand because the compiler keeps vectors in registers only as separate locals; the
 * bodies differ in the number of pixels alone. Eight pixels of two vectors are sixteen sums: enough
 * to hide the latency of a multiply-add, few enough for the registers. Nothing is checked here.
 */
final class ForwardTiles {
  private ForwardTiles() {}

  /**
   * Computes {@code pixels} (8, 7, 4, 2 or 1) outputs.
   *
   * @param x the input, padded: tap row after tap row {@code k} values are contiguous
   * @param xStep from one pixel's first tap to the next pixel's
   * @param xRow from one tap row to the next
   * @param rows tap rows inside the image
   * @param w packed weights: (tap, BLOCK)
   * @param wSkip weights left out after each row
   * @param yStep from one output pixel to the next
   */
  static void run(
      int pixels,
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt,
      int yStep) {
    switch (pixels) {
      case 8 -> tile8(x, xAt, xStep, xRow, rows, k, w, wAt, wSkip, y, yAt, yStep);
      case 7 -> tile7(x, xAt, xStep, xRow, rows, k, w, wAt, wSkip, y, yAt, yStep);
      case 4 -> tile4(x, xAt, xStep, xRow, rows, k, w, wAt, wSkip, y, yAt, yStep);
      case 2 -> tile2(x, xAt, xStep, xRow, rows, k, w, wAt, wSkip, y, yAt, yStep);
      default -> tile1(x, xAt, xRow, rows, k, w, wAt, wSkip, y, yAt);
    }
  }

  private static void tile8(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt,
      int yStep) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    FloatVector a4 = FloatVector.zero(FLOATS);
    FloatVector b4 = FloatVector.zero(FLOATS);
    FloatVector a5 = FloatVector.zero(FLOATS);
    FloatVector b5 = FloatVector.zero(FLOATS);
    FloatVector a6 = FloatVector.zero(FLOATS);
    FloatVector b6 = FloatVector.zero(FLOATS);
    FloatVector a7 = FloatVector.zero(FLOATS);
    FloatVector b7 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rows; r++) {
      int x0 = xAt + r * xRow;
      int x1 = x0 + xStep;
      int x2 = x1 + xStep;
      int x3 = x2 + xStep;
      int x4 = x3 + xStep;
      int x5 = x4 + xStep;
      int x6 = x5 + xStep;
      int x7 = x6 + xStep;
      int wRow = wAt + r * (k * BLOCK + wSkip);
      for (int i = 0; i < k; i++) {
        FloatVector wa = load(w, wRow + i * BLOCK);
        FloatVector wb = load(w, wRow + i * BLOCK + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
        FloatVector v1 = broadcast(x[x1 + i]);
        a1 = v1.fma(wa, a1);
        b1 = v1.fma(wb, b1);
        FloatVector v2 = broadcast(x[x2 + i]);
        a2 = v2.fma(wa, a2);
        b2 = v2.fma(wb, b2);
        FloatVector v3 = broadcast(x[x3 + i]);
        a3 = v3.fma(wa, a3);
        b3 = v3.fma(wb, b3);
        FloatVector v4 = broadcast(x[x4 + i]);
        a4 = v4.fma(wa, a4);
        b4 = v4.fma(wb, b4);
        FloatVector v5 = broadcast(x[x5 + i]);
        a5 = v5.fma(wa, a5);
        b5 = v5.fma(wb, b5);
        FloatVector v6 = broadcast(x[x6 + i]);
        a6 = v6.fma(wa, a6);
        b6 = v6.fma(wb, b6);
        FloatVector v7 = broadcast(x[x7 + i]);
        a7 = v7.fma(wa, a7);
        b7 = v7.fma(wb, b7);
      }
    }
    a0.intoArray(y, yAt);
    b0.intoArray(y, yAt + LANES);
    a1.intoArray(y, yAt + yStep);
    b1.intoArray(y, yAt + yStep + LANES);
    a2.intoArray(y, yAt + 2 * yStep);
    b2.intoArray(y, yAt + 2 * yStep + LANES);
    a3.intoArray(y, yAt + 3 * yStep);
    b3.intoArray(y, yAt + 3 * yStep + LANES);
    a4.intoArray(y, yAt + 4 * yStep);
    b4.intoArray(y, yAt + 4 * yStep + LANES);
    a5.intoArray(y, yAt + 5 * yStep);
    b5.intoArray(y, yAt + 5 * yStep + LANES);
    a6.intoArray(y, yAt + 6 * yStep);
    b6.intoArray(y, yAt + 6 * yStep + LANES);
    a7.intoArray(y, yAt + 7 * yStep);
    b7.intoArray(y, yAt + 7 * yStep + LANES);
  }

  private static void tile7(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt,
      int yStep) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    FloatVector a4 = FloatVector.zero(FLOATS);
    FloatVector b4 = FloatVector.zero(FLOATS);
    FloatVector a5 = FloatVector.zero(FLOATS);
    FloatVector b5 = FloatVector.zero(FLOATS);
    FloatVector a6 = FloatVector.zero(FLOATS);
    FloatVector b6 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rows; r++) {
      int x0 = xAt + r * xRow;
      int x1 = x0 + xStep;
      int x2 = x1 + xStep;
      int x3 = x2 + xStep;
      int x4 = x3 + xStep;
      int x5 = x4 + xStep;
      int x6 = x5 + xStep;
      int wRow = wAt + r * (k * BLOCK + wSkip);
      for (int i = 0; i < k; i++) {
        FloatVector wa = load(w, wRow + i * BLOCK);
        FloatVector wb = load(w, wRow + i * BLOCK + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
        FloatVector v1 = broadcast(x[x1 + i]);
        a1 = v1.fma(wa, a1);
        b1 = v1.fma(wb, b1);
        FloatVector v2 = broadcast(x[x2 + i]);
        a2 = v2.fma(wa, a2);
        b2 = v2.fma(wb, b2);
        FloatVector v3 = broadcast(x[x3 + i]);
        a3 = v3.fma(wa, a3);
        b3 = v3.fma(wb, b3);
        FloatVector v4 = broadcast(x[x4 + i]);
        a4 = v4.fma(wa, a4);
        b4 = v4.fma(wb, b4);
        FloatVector v5 = broadcast(x[x5 + i]);
        a5 = v5.fma(wa, a5);
        b5 = v5.fma(wb, b5);
        FloatVector v6 = broadcast(x[x6 + i]);
        a6 = v6.fma(wa, a6);
        b6 = v6.fma(wb, b6);
      }
    }
    a0.intoArray(y, yAt);
    b0.intoArray(y, yAt + LANES);
    a1.intoArray(y, yAt + yStep);
    b1.intoArray(y, yAt + yStep + LANES);
    a2.intoArray(y, yAt + 2 * yStep);
    b2.intoArray(y, yAt + 2 * yStep + LANES);
    a3.intoArray(y, yAt + 3 * yStep);
    b3.intoArray(y, yAt + 3 * yStep + LANES);
    a4.intoArray(y, yAt + 4 * yStep);
    b4.intoArray(y, yAt + 4 * yStep + LANES);
    a5.intoArray(y, yAt + 5 * yStep);
    b5.intoArray(y, yAt + 5 * yStep + LANES);
    a6.intoArray(y, yAt + 6 * yStep);
    b6.intoArray(y, yAt + 6 * yStep + LANES);
  }

  private static void tile4(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt,
      int yStep) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    FloatVector a2 = FloatVector.zero(FLOATS);
    FloatVector b2 = FloatVector.zero(FLOATS);
    FloatVector a3 = FloatVector.zero(FLOATS);
    FloatVector b3 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rows; r++) {
      int x0 = xAt + r * xRow;
      int x1 = x0 + xStep;
      int x2 = x1 + xStep;
      int x3 = x2 + xStep;
      int wRow = wAt + r * (k * BLOCK + wSkip);
      for (int i = 0; i < k; i++) {
        FloatVector wa = load(w, wRow + i * BLOCK);
        FloatVector wb = load(w, wRow + i * BLOCK + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
        FloatVector v1 = broadcast(x[x1 + i]);
        a1 = v1.fma(wa, a1);
        b1 = v1.fma(wb, b1);
        FloatVector v2 = broadcast(x[x2 + i]);
        a2 = v2.fma(wa, a2);
        b2 = v2.fma(wb, b2);
        FloatVector v3 = broadcast(x[x3 + i]);
        a3 = v3.fma(wa, a3);
        b3 = v3.fma(wb, b3);
      }
    }
    a0.intoArray(y, yAt);
    b0.intoArray(y, yAt + LANES);
    a1.intoArray(y, yAt + yStep);
    b1.intoArray(y, yAt + yStep + LANES);
    a2.intoArray(y, yAt + 2 * yStep);
    b2.intoArray(y, yAt + 2 * yStep + LANES);
    a3.intoArray(y, yAt + 3 * yStep);
    b3.intoArray(y, yAt + 3 * yStep + LANES);
  }

  private static void tile2(
      float[] x,
      int xAt,
      int xStep,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt,
      int yStep) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    FloatVector a1 = FloatVector.zero(FLOATS);
    FloatVector b1 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rows; r++) {
      int x0 = xAt + r * xRow;
      int x1 = x0 + xStep;
      int wRow = wAt + r * (k * BLOCK + wSkip);
      for (int i = 0; i < k; i++) {
        FloatVector wa = load(w, wRow + i * BLOCK);
        FloatVector wb = load(w, wRow + i * BLOCK + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
        FloatVector v1 = broadcast(x[x1 + i]);
        a1 = v1.fma(wa, a1);
        b1 = v1.fma(wb, b1);
      }
    }
    a0.intoArray(y, yAt);
    b0.intoArray(y, yAt + LANES);
    a1.intoArray(y, yAt + yStep);
    b1.intoArray(y, yAt + yStep + LANES);
  }

  private static void tile1(
      float[] x,
      int xAt,
      int xRow,
      int rows,
      int k,
      float[] w,
      int wAt,
      int wSkip,
      float[] y,
      int yAt) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = FloatVector.zero(FLOATS);
    for (int r = 0; r < rows; r++) {
      int x0 = xAt + r * xRow;
      int wRow = wAt + r * (k * BLOCK + wSkip);
      for (int i = 0; i < k; i++) {
        FloatVector wa = load(w, wRow + i * BLOCK);
        FloatVector wb = load(w, wRow + i * BLOCK + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
      }
    }
    a0.intoArray(y, yAt);
    b0.intoArray(y, yAt + LANES);
  }
}
