package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FLOATS;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.REGISTERS;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;
import static plinius.simd.Lanes.store;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of convolution: some pixels that the same rows of taps reach, times one block
 * of filters, their sums in registers (Goto and van de Geijn, Anatomy of High-Performance Matrix
 * Multiplication, ACM TOMS 34(3), 2008).
 *
 * <p>Unrolled by hand because the compiler keeps vectors in registers only as separate locals; the
 * bodies differ in the number of pixels alone. A pixel has two sums, a vector of filters each, and
 * a multiply-add wants eight to ten others under way; more than fit the processor's registers would
 * cost more than they bring: so the widest tile is of eight pixels where there are 32 registers,
 * and of five where there are 16. That changes no bit. Nothing is checked here.
 */
final class ForwardTiles {
  private static final int WIDEST = REGISTERS == 32 ? 8 : 5;

  private float[] x;
  private int[] xs;
  private int xRow;
  private int k;
  private float[] w;
  private int wRow;

  /**
   * For the tiles of one convolution.
   *
   * @param x the input, padded: tap row after tap row {@code k} values are contiguous
   * @param xs where each pixel's first tap lies
   * @param xRow from one tap row to the next
   * @param w packed weights: (tap, BLOCK)
   * @param wRow from one tap row to the next
   */
  ForwardTiles of(float[] x, int[] xs, int xRow, int k, float[] w, int wRow) {
    this.x = x;
    this.xs = xs;
    this.xRow = xRow;
    this.k = k;
    this.w = w;
    this.wRow = wRow;
    return this;
  }

  /**
   * Computes the first pixels.
   *
   * @param rows tap rows inside the image
   * @param ys where each pixel's output lies, from yAt
   */
  void run(int pixels, int rows, int xAt, int wAt, float[] y, int yAt, int[] ys) {
    for (int p = 0; p < pixels; ) {
      if (pixels - p >= WIDEST) {
        if (WIDEST == 8) {
          eight(p, rows, xAt, wAt, y, yAt, ys);
        } else {
          five(p, rows, xAt, wAt, y, yAt, ys);
        }
        p += WIDEST;
      } else if (pixels >= 4) {
        // The last may begin before the end of the one before it: the same sums again.
        p = Math.min(p, pixels - 4);
        four(p, rows, xAt, wAt, y, yAt, ys);
        p += 4;
      } else {
        one(p, rows, xAt, wAt, y, yAt, ys);
        p++;
      }
    }
  }

  void eight(int p, int rows, int xAt, int wAt, float[] y, int yAt, int[] ys) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a0 = zero, b0 = zero, a1 = zero, b1 = zero, a2 = zero, b2 = zero;
    FloatVector a3 = zero, b3 = zero, a4 = zero, b4 = zero, a5 = zero, b5 = zero;
    FloatVector a6 = zero, b6 = zero, a7 = zero, b7 = zero;
    for (int r = 0; r < rows; r++) {
      int row = xAt + r * xRow;
      int x0 = row + xs[p], x1 = row + xs[p + 1], x2 = row + xs[p + 2], x3 = row + xs[p + 3];
      int x4 = row + xs[p + 4], x5 = row + xs[p + 5], x6 = row + xs[p + 6], x7 = row + xs[p + 7];
      int at = wAt + r * wRow;
      for (int i = 0; i < k; i++, at += BLOCK) {
        FloatVector wa = load(w, at), wb = load(w, at + LANES);
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
    store(a0, b0, y, yAt + ys[p]);
    store(a1, b1, y, yAt + ys[p + 1]);
    store(a2, b2, y, yAt + ys[p + 2]);
    store(a3, b3, y, yAt + ys[p + 3]);
    store(a4, b4, y, yAt + ys[p + 4]);
    store(a5, b5, y, yAt + ys[p + 5]);
    store(a6, b6, y, yAt + ys[p + 6]);
    store(a7, b7, y, yAt + ys[p + 7]);
  }

  void five(int p, int rows, int xAt, int wAt, float[] y, int yAt, int[] ys) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a0 = zero, b0 = zero, a1 = zero, b1 = zero, a2 = zero, b2 = zero;
    FloatVector a3 = zero, b3 = zero, a4 = zero, b4 = zero;
    for (int r = 0; r < rows; r++) {
      int row = xAt + r * xRow;
      int x0 = row + xs[p], x1 = row + xs[p + 1], x2 = row + xs[p + 2], x3 = row + xs[p + 3];
      int x4 = row + xs[p + 4];
      int at = wAt + r * wRow;
      for (int i = 0; i < k; i++, at += BLOCK) {
        FloatVector wa = load(w, at), wb = load(w, at + LANES);
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
      }
    }
    store(a0, b0, y, yAt + ys[p]);
    store(a1, b1, y, yAt + ys[p + 1]);
    store(a2, b2, y, yAt + ys[p + 2]);
    store(a3, b3, y, yAt + ys[p + 3]);
    store(a4, b4, y, yAt + ys[p + 4]);
  }

  void four(int p, int rows, int xAt, int wAt, float[] y, int yAt, int[] ys) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a0 = zero, b0 = zero, a1 = zero, b1 = zero, a2 = zero, b2 = zero;
    FloatVector a3 = zero, b3 = zero;
    for (int r = 0; r < rows; r++) {
      int row = xAt + r * xRow;
      int x0 = row + xs[p], x1 = row + xs[p + 1], x2 = row + xs[p + 2], x3 = row + xs[p + 3];
      int at = wAt + r * wRow;
      for (int i = 0; i < k; i++, at += BLOCK) {
        FloatVector wa = load(w, at), wb = load(w, at + LANES);
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
    store(a0, b0, y, yAt + ys[p]);
    store(a1, b1, y, yAt + ys[p + 1]);
    store(a2, b2, y, yAt + ys[p + 2]);
    store(a3, b3, y, yAt + ys[p + 3]);
  }

  void one(int p, int rows, int xAt, int wAt, float[] y, int yAt, int[] ys) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a0 = zero, b0 = zero;
    for (int r = 0; r < rows; r++) {
      int row = xAt + r * xRow;
      int x0 = row + xs[p];
      int at = wAt + r * wRow;
      for (int i = 0; i < k; i++, at += BLOCK) {
        FloatVector wa = load(w, at), wb = load(w, at + LANES);
        FloatVector v0 = broadcast(x[x0 + i]);
        a0 = v0.fma(wa, a0);
        b0 = v0.fma(wb, b0);
      }
    }
    store(a0, b0, y, yAt + ys[p]);
  }
}
