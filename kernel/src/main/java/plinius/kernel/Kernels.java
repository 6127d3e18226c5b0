package plinius.kernel;

import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The arithmetic of training. Everything here gives the same bits in every implementation, at every
 * vector width, interpreted or compiled: sums run in one stated order by fused multiply-adds, with
 * channels in the lanes, so that each lane does what the scalar reference does.
 *
 * <p>Images are float[] in NHWC order with an offset, "rows" are (rows, channels) matrices with the
 * channels contiguous. Methods that say <em>adds</em> start from what the target holds. Ranges are
 * checked once on entry ({@link IndexOutOfBoundsException}); afterwards the vector code relies on
 * that. Implementations are thread-safe.
 */
public interface Kernels {

  /** Raised whenever the order of an operation changes: part of the mirrored kernel plan. */
  int VERSION = 4;

  /** What runs, for people: "scalar", or "vector (512 bits)". */
  String name();

  /** How many values an operation takes at once. */
  int lanes();

  /**
   * The fastest implementation on the path: the vector one if its module is there and can run, else
   * the reference, which computes the same bits.
   */
  static Kernels best() {
    Kernels best = null;
    Iterator<Kernels> all =
        ServiceLoader.load(Kernels.class, Kernels.class.getClassLoader()).iterator();
    for (boolean more = true; more; ) {
      try {
        more = all.hasNext();
        Kernels next = more ? all.next() : best;
        best = best == null || next.lanes() > best.lanes() ? next : best;
      } catch (ServiceConfigurationError | LinkageError e) {
        // The vector kernels need the module jdk.incubator.vector; name() says which are in use.
      }
    }
    if (best == null) {
      throw new IllegalStateException(
          "no kernels: put plinius.simd (with --add-modules jdk.incubator.vector) or"
              + " plinius.reference on the path.");
    }
    return best;
  }

  /**
   * Brings weights (size, size, c / groups, filters) into the form that {@link #convForward} of the
   * same implementation reads.
   *
   * @param prepared at least {@link ConvPlan#preparedFloats} from 0
   */
  void prepareForward(ConvShape s, float[] weights, int wAt, float[] prepared);

  /** As {@link #prepareForward}, for {@link #convBackwardData}. */
  void prepareBackward(ConvShape s, float[] weights, int wAt, float[] prepared);

  /**
   * y (images, outH, outW, filters) = x (images, h, w, c) * weights for the images [from, to).
   *
   * <p>{@link ConvPlan#DIRECT}: each output is one sum over (kh, kw, channel) in this order from 0.
   * Filter rows outside the image are left out; columns outside it count as zeros, so that fast
   * kernels can run over padded rows without a branch. {@link ConvPlan#WINOGRAD}: A^T [(G w G^T) .
   * (B^T x B)] A over zeros outside the image, each transform down the columns first, each product
   * one sum over the channels in order from 0.
   */
  void convForward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to);

  /**
   * Adds to dx (images, h, w, c) what the output's delta d (images, outH, outW, filters) says about
   * the input, for the images [from, to). It is the forward convolution of the delta with the
   * filters turned round and their two kinds of channels exchanged; the sum, over (kh, kw, filter)
   * from 0, is then added. Filter rows that hit no output are left out; columns that hit none count
   * as zeros.
   */
  void convBackwardData(
      ConvShape s, float[] d, int dAt, float[] prepared, float[] dx, int dxAt, int from, int to);

  /**
   * Adds to the updates u (size, size, c / groups, filters) the products of input and delta for the
   * images [from, to).
   *
   * <p>{@link ConvPlan#DIRECT}: over (image, outH, outW) in this order from what updates hold; rows
   * outside the image are left out, columns outside it count as zeros. {@link ConvPlan#WINOGRAD}:
   * G^T [sum of (B^T x B) . (A delta A^T)] G, the sum over (image, tile) in order from 0, then
   * added.
   */
  void convBackwardWeights(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] u, int uAt, int from, int to);

  /**
   * The part of {@link #convBackwardWeights} over (image, tile), for a {@link ConvPlan#WINOGRAD}
   * convolution: adds to sums what the images [from, to) say. Called for one block of images after
   * the other from sums of 0, and {@link #convUpdates} at the end, it gives the bits of one call.
   *
   * @param sums {@link ConvPlan#sumFloats} from at, in a form of the implementation's own
   */
  void convSums(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] sums, int at, int from, int to);

  /** Adds to updates (size, size, c, filters) what {@link #convSums} summed. */
  void convUpdates(ConvShape s, float[] sums, int sAt, float[] updates, int uAt);

  /** y[row][c] += bias[c]. */
  void addBias(float[] y, int yAt, int rows, int channels, float[] bias, int bAt);

  /** Adds to sums[c] the x[row][c], rows in order. */
  void channelSums(float[] x, int xAt, int rows, int channels, float[] sums, int sAt);

  /** Adds to sums[c] the (x[row][c] - mean[c])^2, rows in order. */
  void channelSquares(
      float[] x, int xAt, int rows, int channels, float[] mean, int mAt, float[] sums, int sAt);

  /**
   * Batch normalisation with what follows it: y = activation((x - mean) * factor + bias), Darknet's
   * normalize_cpu, scale_bias, add_bias and activate_array; a difference and one fused multiply-add
   * for each value. x may be y.
   *
   * @param terms (3, channels): mean, factor = scale / deviation, bias
   */
  void normalize(
      float[] x, int xAt, int rows, int channels, float[] terms, Activation f, float[] y, int yAt);

  /**
   * The first pass back: delta *= gradient of the activation whose output is y; adds to sums[at +
   * c] the delta[row][c], and to deviations[at + c] the delta[row][c] * (x[row][c] - mean[c]), rows
   * in order.
   *
   * @param first where the rows begin in delta and x
   */
  void normalizeSums(
      Activation activation,
      float[] y,
      int yAt,
      float[] delta,
      float[] x,
      int first,
      int rows,
      int channels,
      float[] mean,
      float[] sums,
      float[] deviations,
      int at);

  /**
   * The second pass back: delta = delta * factor + shift + slope * (x - mean), Darknet's scale_bias
   * and normalize_delta_cpu; two fused multiply-adds for each value, that of delta first.
   *
   * @param first where the rows begin in x and delta
   * @param terms (4, channels): mean, factor, slope, shift
   */
  void normalizeDelta(float[] x, float[] delta, int first, int rows, int channels, float[] terms);

  /** Applies the activation in place. */
  void activate(Activation activation, float[] x, int xAt, int count);

  /** delta[i] *= gradient of the activation whose output is y[i]. */
  void gradient(Activation activation, float[] y, int yAt, float[] delta, int dAt, int count);

  /**
   * Maximum of each window for the images [from, to); index holds its place within the image's (h,
   * w, c), the first of equals, or -1 for a window without any value (output -Float.MAX_VALUE).
   */
  void maxpoolForward(
      PoolShape s, float[] x, int xAt, float[] y, int yAt, int[] index, int iAt, int from, int to);

  /** Adds each delta to the place that its maximum came from. */
  void maxpoolBackward(
      PoolShape s, float[] d, int dAt, int[] index, int iAt, float[] dx, int at, int from, int to);

  /** y[i] += alpha * x[i], one fused multiply-add. */
  void axpy(float alpha, float[] x, int xAt, float[] y, int yAt, int count);

  /** x[i] *= alpha. */
  void scale(float alpha, float[] x, int xAt, int count);

  /** y[i] += x[i]. */
  void add(float[] x, int xAt, float[] y, int yAt, int count);

  /**
   * One step of gradient descent with momentum, Darknet's update (convolutional_layer.c
   * update_convolutional_layer): updates u -= decay * weights w; w += rate * u; u *= momentum. Each
   * a fused multiply-add or a product, in this order.
   */
  void sgd(
      float rate, float decay, float momentum, float[] w, int wAt, float[] u, int uAt, int count);
}
