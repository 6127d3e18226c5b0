package plinius.kernel;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.checkFromToIndex;

/** The checks at the entry of a kernel: what lies behind them runs without any. */
public final class Ranges {

  private Ranges() {}

  public static void convolution(
      ConvShape s, float[] x, int xAt, float[] w, int wAt, float[] y, int yAt, int from, int to) {
    checkFromToIndex(from, to, Integer.MAX_VALUE);
    checkFromIndexSize(xAt, Math.multiplyExact(to, s.inputs()), x.length);
    checkFromIndexSize(wAt, s.weights(), w.length);
    checkFromIndexSize(yAt, Math.multiplyExact(to, s.outputs()), y.length);
  }

  public static void pooling(
      PoolShape s,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int[] indexes,
      int iAt,
      int from,
      int to) {
    checkFromToIndex(from, to, Integer.MAX_VALUE);
    checkFromIndexSize(xAt, Math.multiplyExact(to, s.inputs()), x.length);
    checkFromIndexSize(yAt, Math.multiplyExact(to, s.outputs()), y.length);
    checkFromIndexSize(iAt, Math.multiplyExact(to, s.outputs()), indexes.length);
  }

  public static void rows(float[] x, int at, int rows, int channels) {
    checkFromIndexSize(at, Math.multiplyExact(rows, channels), x.length);
  }
}
