package plinius.kernel;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.checkFromToIndex;

/**
 * The checks at the entry of a kernel: what lies behind them runs without any. Those of arrays
 * throw {@link IndexOutOfBoundsException} if what a kernel will touch is not all in them, and
 * {@link ArithmeticException} if the images up to {@code to} are more values than any has. Where an
 * array's place is given, its first image, or value, lies there.
 */
public final class Ranges {
  /** Most values of an array: as Java has it, and some lines of the cache for the kernels' own. */
  private static final int MOST = Integer.MAX_VALUE - 64;

  private Ranges() {}

  /**
   * How many values an array of these lengths has. Asked in every call of a kernel, which a list of
   * any length would cost an array.
   *
   * @throws IllegalArgumentException that says what it is of, if no array holds so many
   */
  static int array(String what, long a, long b, long c) {
    double count = (double) a * b * c;
    if (count > MOST) {
      throw new IllegalArgumentException(
          "%s of %.0f values, more than an array holds".formatted(what, count));
    }
    return (int) count;
  }

  /** Of {@link Kernels#prepareForward} and {@link Kernels#prepareBackward}. */
  public static void prepare(ConvShape s, float[] w, int wAt, float[] prepared) {
    checkFromIndexSize(wAt, s.weights(), w.length);
    checkFromIndexSize(0, ConvPlan.preparedFloats(s), prepared.length);
  }

  /**
   * Of {@link Kernels#convForward}; of {@link Kernels#convBackwardData} too, whose x is the delta
   * of the input and y that of the output.
   */
  public static void convolution(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to) {
    checkFromIndexSize(0, ConvPlan.preparedFloats(s), prepared.length);
    images(s.inputs(), s.outputs(), x, xAt, y, yAt, from, to);
  }

  /** Of {@link Kernels#convBackwardWeights}, y being the output's delta, u the updates. */
  public static void gradients(
      ConvShape s, float[] x, int xAt, float[] y, int yAt, float[] u, int uAt, int from, int to) {
    checkFromIndexSize(uAt, s.weights(), u.length);
    images(s.inputs(), s.outputs(), x, xAt, y, yAt, from, to);
  }

  /** Of {@link Kernels#convSums}; refuses a convolution of another plan. */
  public static void sums(
      ConvShape s, float[] x, int xAt, float[] y, int yAt, float[] u, int uAt, int from, int to) {
    checkFromIndexSize(uAt, winogradSums(s), u.length);
    images(s.inputs(), s.outputs(), x, xAt, y, yAt, from, to);
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
      int inputs, int outputs, float[] x, int xAt, float[] y, int yAt, int from, int to) {
    checkFromToIndex(from, to, Integer.MAX_VALUE);
    checkFromIndexSize(xAt, Math.multiplyExact(to, inputs), x.length);
    checkFromIndexSize(yAt, Math.multiplyExact(to, outputs), y.length);
  }

  /** Of {@link Kernels#maxpoolForward} and, with deltas, {@link Kernels#maxpoolBackward}. */
  public static void pooling(
      PoolShape s, float[] x, int xAt, float[] y, int yAt, int[] index, int iAt, int from, int to) {
    images(s.inputs(), s.outputs(), x, xAt, y, yAt, from, to);
    checkFromIndexSize(iAt, Math.multiplyExact(to, s.outputs()), index.length);
  }

  /** Of kernels over rows: a matrix (rows, channels) from at. */
  public static void rows(float[] x, int at, int rows, int channels) {
    checkFromIndexSize(at, Math.multiplyExact(rows, channels), x.length);
  }
}
