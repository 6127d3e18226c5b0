package plinius.simd;

import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.REGISTERS;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;
import static plinius.simd.Lanes.store;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of weight gradients: neighbouring weights of one filter row, times one block
 * of filters, summed over some pixels in registers.
 *
 * <p>Unrolled by hand like {@link ForwardTiles}. Nothing is checked here.
 */
final class GradientTiles {
  private static final int WIDEST = REGISTERS == 32 ? 8 : 4;

  private float[] x;
  private int[] xs;
  private float[] d;
  private int[] ds;

  /**
   * For the tiles of one convolution.
   *
   * @param x the padded input; the taps lie side by side
   * @param xs where each pixel's first tap lies
   * @param d the delta, whole blocks
   * @param ds where each pixel's block lies
   */
  GradientTiles of(float[] x, int[] xs, float[] d, int[] ds) {
    this.x = x;
    this.xs = xs;
    this.d = d;
    this.ds = ds;
    return this;
  }

  /**
   * Adds to the updates of some taps what the first pixels say.
   *
   * @param uStep from one tap's updates to the next one's
   */
  void run(int taps, int pixels, int xAt, int dAt, float[] u, int uAt, int uStep) {
    for (int t = 0; t < taps; ) {
      int left = taps - t;
      int some = left >= WIDEST ? WIDEST : left >= 4 ? 4 : 1;
      int to = uAt + t * uStep;
      switch (some) {
        case 8 -> eight(pixels, xAt + t, dAt, u, to, uStep);
        case 4 -> four(pixels, xAt + t, dAt, u, to, uStep);
        default -> one(pixels, xAt + t, dAt, u, to);
      }
      t += some;
    }
  }

  void eight(int pixels, int xAt, int dAt, float[] u, int uAt, int uStep) {
    FloatVector a0 = load(u, uAt), b0 = load(u, uAt + LANES);
    FloatVector a1 = load(u, uAt + uStep), b1 = load(u, uAt + uStep + LANES);
    FloatVector a2 = load(u, uAt + 2 * uStep), b2 = load(u, uAt + 2 * uStep + LANES);
    FloatVector a3 = load(u, uAt + 3 * uStep), b3 = load(u, uAt + 3 * uStep + LANES);
    FloatVector a4 = load(u, uAt + 4 * uStep), b4 = load(u, uAt + 4 * uStep + LANES);
    FloatVector a5 = load(u, uAt + 5 * uStep), b5 = load(u, uAt + 5 * uStep + LANES);
    FloatVector a6 = load(u, uAt + 6 * uStep), b6 = load(u, uAt + 6 * uStep + LANES);
    FloatVector a7 = load(u, uAt + 7 * uStep), b7 = load(u, uAt + 7 * uStep + LANES);
    for (int i = 0; i < pixels; i++) {
      int at = xAt + xs[i], to = dAt + ds[i];
      FloatVector da = load(d, to), db = load(d, to + LANES);
      FloatVector v0 = broadcast(x[at]);
      a0 = v0.fma(da, a0);
      b0 = v0.fma(db, b0);
      FloatVector v1 = broadcast(x[at + 1]);
      a1 = v1.fma(da, a1);
      b1 = v1.fma(db, b1);
      FloatVector v2 = broadcast(x[at + 2]);
      a2 = v2.fma(da, a2);
      b2 = v2.fma(db, b2);
      FloatVector v3 = broadcast(x[at + 3]);
      a3 = v3.fma(da, a3);
      b3 = v3.fma(db, b3);
      FloatVector v4 = broadcast(x[at + 4]);
      a4 = v4.fma(da, a4);
      b4 = v4.fma(db, b4);
      FloatVector v5 = broadcast(x[at + 5]);
      a5 = v5.fma(da, a5);
      b5 = v5.fma(db, b5);
      FloatVector v6 = broadcast(x[at + 6]);
      a6 = v6.fma(da, a6);
      b6 = v6.fma(db, b6);
      FloatVector v7 = broadcast(x[at + 7]);
      a7 = v7.fma(da, a7);
      b7 = v7.fma(db, b7);
    }
    store(a0, b0, u, uAt);
    store(a1, b1, u, uAt + uStep);
    store(a2, b2, u, uAt + 2 * uStep);
    store(a3, b3, u, uAt + 3 * uStep);
    store(a4, b4, u, uAt + 4 * uStep);
    store(a5, b5, u, uAt + 5 * uStep);
    store(a6, b6, u, uAt + 6 * uStep);
    store(a7, b7, u, uAt + 7 * uStep);
  }

  void four(int pixels, int xAt, int dAt, float[] u, int uAt, int uStep) {
    FloatVector a0 = load(u, uAt), b0 = load(u, uAt + LANES);
    FloatVector a1 = load(u, uAt + uStep), b1 = load(u, uAt + uStep + LANES);
    FloatVector a2 = load(u, uAt + 2 * uStep), b2 = load(u, uAt + 2 * uStep + LANES);
    FloatVector a3 = load(u, uAt + 3 * uStep), b3 = load(u, uAt + 3 * uStep + LANES);
    for (int i = 0; i < pixels; i++) {
      int at = xAt + xs[i], to = dAt + ds[i];
      FloatVector da = load(d, to), db = load(d, to + LANES);
      FloatVector v0 = broadcast(x[at]);
      a0 = v0.fma(da, a0);
      b0 = v0.fma(db, b0);
      FloatVector v1 = broadcast(x[at + 1]);
      a1 = v1.fma(da, a1);
      b1 = v1.fma(db, b1);
      FloatVector v2 = broadcast(x[at + 2]);
      a2 = v2.fma(da, a2);
      b2 = v2.fma(db, b2);
      FloatVector v3 = broadcast(x[at + 3]);
      a3 = v3.fma(da, a3);
      b3 = v3.fma(db, b3);
    }
    store(a0, b0, u, uAt);
    store(a1, b1, u, uAt + uStep);
    store(a2, b2, u, uAt + 2 * uStep);
    store(a3, b3, u, uAt + 3 * uStep);
  }

  void one(int pixels, int xAt, int dAt, float[] u, int uAt) {
    FloatVector a0 = load(u, uAt), b0 = load(u, uAt + LANES);
    for (int i = 0; i < pixels; i++) {
      int at = xAt + xs[i], to = dAt + ds[i];
      FloatVector da = load(d, to), db = load(d, to + LANES);
      FloatVector v0 = broadcast(x[at]);
      a0 = v0.fma(da, a0);
      b0 = v0.fma(db, b0);
    }
    store(a0, b0, u, uAt);
  }
}
