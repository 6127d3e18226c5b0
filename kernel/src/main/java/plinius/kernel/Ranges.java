package plinius.kernel;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.checkFromToIndex;

/** The checks at the entry of a kernel: what lies behind them runs without any. */
public final class Ranges {

  private Ranges() {}

  public static void prepare(ConvShape s, float[] w, int wAt, float[] prepared) {
    checkFromIndexSize(wAt, s.weights(), w.length);
    checkFromIndexSize(0, ConvPlan.preparedFloats(s), prepared.length);
  }

  public static void convolution(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to) {
    checkFromIndexSize(0, ConvPlan.preparedFloats(s), prepared.length);
    images(s, x, xAt, y, yAt, from, to);
  }

  public static void gradients(
      ConvShape s, float[] x, int xAt, float[] y, int yAt, float[] u, int uAt, int from, int to) {
    checkFromIndexSize(uAt, s.weights(), u.length);
    images(s, x, xAt, y, yAt, from, to);
  }

  /** Of {@link Kernels#convSums}; refuses a convolution of another plan. */
  public static void sums(
      ConvShape s, float[] x, int xAt, float[] y, int yAt, float[] u, int uAt, int from, int to) {
    checkFromIndexSize(uAt, winogradSums(s), u.length);
    images(s, x, xAt, y, yAt, from, to);
  }

  /** Of {@link Kernels#convUpdates}. */
  public static void updates(ConvShape s, float[] sums, int sAt, float[] u, int uAt) {
    checkFromIndexSize(sAt, winogradSums(s), sums.length);
    checkFromIndexSize(uAt, s.weights(), u.length);
  }

  private static int winogradSums(ConvShape s) {
    if (ConvPlan.of(s) != ConvPlan.WINOGRAD) {
      throw new IllegalArgumentException("sums are taken block by block for Winograd only: " + s);
    }
    return ConvPlan.sumFloats(s);
  }

  private static void images(
      ConvShape s, float[] x, int xAt, float[] y, int yAt, int from, int to) {
    checkFromToIndex(from, to, Integer.MAX_VALUE);
    checkFromIndexSize(xAt, Math.multiplyExact(to, s.inputs()), x.length);
    checkFromIndexSize(yAt, Math.multiplyExact(to, s.outputs()), y.length);
  }

  public static void pooling(
      PoolShape s, float[] x, int xAt, float[] y, int yAt, int[] index, int iAt, int from, int to) {
    checkFromToIndex(from, to, Integer.MAX_VALUE);
    checkFromIndexSize(xAt, Math.multiplyExact(to, s.inputs()), x.length);
    checkFromIndexSize(yAt, Math.multiplyExact(to, s.outputs()), y.length);
    checkFromIndexSize(iAt, Math.multiplyExact(to, s.outputs()), index.length);
  }

  public static void rows(float[] x, int at, int rows, int channels) {
    checkFromIndexSize(at, Math.multiplyExact(rows, channels), x.length);
  }
}
