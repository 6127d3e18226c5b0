package plinius.simd;

import static java.util.Objects.checkFromIndexSize;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static plinius.simd.Lanes.FLOATS;
import static plinius.simd.Lanes.INTS;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;
import static plinius.simd.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.PoolShape;
import plinius.kernel.Ranges;
import plinius.kernel.ValueKernels;
import plinius.simd.VectorConvolution.Plan;

/**
 * The kernels with channels, or neighbouring values, in the lanes of vectors: each lane does what
 * the reference does, in its order, so the bits are the reference's at any width.
 *
 * <p>Rows of channels are read (nearly) in the order in which they lie in memory, which is fetched
 * ahead only so; what belongs to a channel is read again from the first-level cache.
 *
 * <p>Ranges are checked at the entry, because the virtual machine's own checks of vector accesses
 * may be off. What does not fill a vector runs in scalar code, what has no vector form is the
 * reference's.
 *
 * <p>Batch normalisation is that of Ioffe and Szegedy, Batch Normalization (ICML 2015), pooling
 * that of Scherer, Müller and Behnke, Evaluation of Pooling Operations (ICANN 2010), both with the
 * details of Darknet (batchnorm_layer.c and maxpool_layer.c at f6afaab).
 *
 * <p>File length: all kernels but convolution, each a loop of its own.
 */
public final class VectorKernels extends ValueKernels {
  /**
   * Values that are summed before the sums go back to memory: few, so that memory is read nearly in
   * its order, and more than one row of few channels, whose sums would wait for each other.
   */
  private static final int STRIP = 256;

  private final String name;

  /** Fails, with a linkage error, where the module jdk.incubator.vector is missing. */
  public VectorKernels() {
    name = "vector (%d bits)".formatted(FLOATS.vectorBitSize());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int lanes() {
    return FLOATS.length();
  }

  @Override
  public void prepareForward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Ranges.prepare(s, weights, wAt, prepared);
    switch (ConvPlan.of(s)) {
      case DIRECT -> VectorConvolution.prepareForward(s, weights, wAt, prepared);
      case WINOGRAD -> VectorWinograd.prepareForward(s, weights, wAt, prepared);
    }
  }

  @Override
  public void prepareBackward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Ranges.prepare(s, weights, wAt, prepared);
    switch (ConvPlan.of(s)) {
      case DIRECT -> VectorConvolution.prepareBackward(s, weights, wAt, prepared);
      case WINOGRAD -> VectorWinograd.prepareBackward(s, weights, wAt, prepared);
    }
  }

  @Override
  public void convForward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int from, int to) {
    Ranges.convolution(s, x, xAt, prepared, y, yAt, from, to);
    int in = xAt + from * s.inputs();
    int out = yAt + from * s.outputs();
    Plan p = Plan.forward(s);
    switch (ConvPlan.of(s)) {
      case DIRECT -> VectorConvolution.correlate(p, x, in, prepared, y, out, to - from, false);
      case WINOGRAD -> VectorWinograd.correlate(p, x, in, prepared, y, out, to - from, false);
    }
  }

  @Override
  public void convBackwardData(
      ConvShape s, float[] d, int dAt, float[] prepared, float[] dx, int dxAt, int from, int to) {
    Ranges.convolution(s, dx, dxAt, prepared, d, dAt, from, to);
    int in = dAt + from * s.outputs();
    int out = dxAt + from * s.inputs();
    Plan p = Plan.backward(s);
    switch (ConvPlan.of(s)) {
      case DIRECT -> VectorConvolution.correlate(p, d, in, prepared, dx, out, to - from, true);
      case WINOGRAD -> VectorWinograd.correlate(p, d, in, prepared, dx, out, to - from, true);
    }
  }

  @Override
  public void convBackwardWeights(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] u, int uAt, int from, int to) {
    Ranges.gradients(s, x, xAt, d, dAt, u, uAt, from, to);
    int in = xAt + from * s.inputs();
    int out = dAt + from * s.outputs();
    switch (ConvPlan.of(s)) {
      case DIRECT -> VectorConvolution.backwardWeights(s, x, in, d, out, u, uAt, to - from);
      case WINOGRAD -> VectorWinograd.backwardWeights(s, x, in, d, out, u, uAt, to - from);
    }
  }

  @Override
  public void convSums(
      ConvShape s, float[] x, int xAt, float[] d, int dAt, float[] sums, int at, int from, int to) {
    Ranges.sums(s, x, xAt, d, dAt, sums, at, from, to);
    int in = xAt + from * s.inputs();
    int out = dAt + from * s.outputs();
    VectorWinograd.sums(s, x, in, d, out, sums, at, to - from);
  }

  @Override
  public void convUpdates(ConvShape s, float[] sums, int sAt, float[] updates, int uAt) {
    Ranges.updates(s, sums, sAt, updates, uAt);
    VectorWinograd.updates(s, sums, sAt, updates, uAt);
  }

  @Override
  public void channelSums(float[] x, int xAt, int rows, int channels, float[] sums, int sAt) {
    Ranges.rows(x, xAt, rows, channels);
    checkFromIndexSize(sAt, channels, sums.length);
    int bound = FLOATS.loopBound(channels);
    int end = xAt + rows * channels;
    for (int from = xAt, strip = strip(channels), to; from < end; from = to) {
      to = from + Math.min(strip, end - from);
      for (int c = 0; c < bound; c += LANES) {
        FloatVector sum = load(sums, sAt + c);
        for (int row = from; row < to; row += channels) {
          sum = sum.add(load(x, row + c));
        }
        sum.intoArray(sums, sAt + c);
      }
      for (int c = bound; c < channels; c++) {
        for (int row = from; row < to; row += channels) {
          sums[sAt + c] += x[row + c];
        }
      }
    }
  }

  /** Values of the rows, whole ones, of which a channel's sum is taken at once. */
  private static int strip(int channels) {
    return Math.max(1, STRIP / channels) * channels;
  }

  @Override
  public void channelSquares(
      float[] x, int xAt, int rows, int channels, float[] mean, int mAt, float[] sums, int sAt) {
    Ranges.rows(x, xAt, rows, channels);
    checkFromIndexSize(mAt, channels, mean.length);
    checkFromIndexSize(sAt, channels, sums.length);
    int bound = FLOATS.loopBound(channels);
    int end = xAt + rows * channels;
    for (int from = xAt, strip = strip(channels), to; from < end; from = to) {
      to = from + Math.min(strip, end - from);
      for (int c = 0; c < bound; c += LANES) {
        FloatVector sum = load(sums, sAt + c);
        FloatVector centre = load(mean, mAt + c);
        for (int row = from; row < to; row += channels) {
          FloatVector d = load(x, row + c).sub(centre);
          sum = d.fma(d, sum);
        }
        sum.intoArray(sums, sAt + c);
      }
      for (int c = bound; c < channels; c++) {
        for (int row = from; row < to; row += channels) {
          float d = x[row + c] - mean[mAt + c];
          sums[sAt + c] = Math.fma(d, d, sums[sAt + c]);
        }
      }
    }
  }

  @Override
  public void normalize(
      float[] x, int xAt, int rows, int channels, float[] terms, Activation f, float[] y, int yAt) {
    if (!piecewise(f) || FLOATS.loopBound(channels) < channels) {
      super.normalize(x, xAt, rows, channels, terms, f, y, yAt);
      return;
    }
    Ranges.rows(x, xAt, rows, channels);
    Ranges.rows(y, yAt, rows, channels);
    Ranges.rows(terms, 0, 3, channels);
    float slope = sloped(f) ? f.gradient(-1) : 1;
    for (int row = 0; row < rows; row++) {
      int from = xAt + row * channels;
      int to = yAt + row * channels;
      for (int c = 0; c < channels; c += LANES) {
        FloatVector factor = load(terms, channels + c);
        FloatVector bias = load(terms, 2 * channels + c);
        FloatVector v = load(x, from + c).sub(load(terms, c)).fma(factor, bias);
        v.mul(slope).blend(v, v.compare(GT, 0f)).intoArray(y, to + c);
      }
      if (!sloped(f)) {
        activate(f, y, to, channels);
      }
    }
  }

  /** Whether the activation is the identity above 0 and a product with a number below. */
  private static boolean sloped(Activation activation) {
    return switch (activation) {
      case LINEAR, LEAKY, RELIE -> true;
      default -> false;
    };
  }

  /** Whether its gradient is 1 above 0 and one number below. */
  private static boolean piecewise(Activation activation) {
    return sloped(activation) || activation == Activation.RELU;
  }

  @Override
  public void normalizeSums(
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
      int at) {
    if (!piecewise(activation) || FLOATS.loopBound(channels) < channels) {
      super.normalizeSums(
          activation, y, yAt, delta, x, first, rows, channels, mean, sums, deviations, at);
      return;
    }
    Ranges.rows(y, yAt, rows, channels);
    Ranges.rows(delta, first, rows, channels);
    Ranges.rows(x, first, rows, channels);
    checkFromIndexSize(0, channels, mean.length);
    checkFromIndexSize(at, channels, sums.length);
    checkFromIndexSize(at, channels, deviations.length);
    FloatVector slope = broadcast(activation.gradient(-1));
    FloatVector one = broadcast(1);
    int toY = yAt - first;
    int end = first + rows * channels;
    for (int from = first, strip = strip(channels), to; from < end; from = to) {
      to = from + Math.min(strip, end - from);
      for (int c = 0; c < channels; c += LANES) {
        FloatVector centre = load(mean, c);
        FloatVector sum = load(sums, at + c);
        FloatVector deviation = load(deviations, at + c);
        for (int i = from + c; i < to; i += channels) {
          FloatVector d = load(delta, i).mul(slope.blend(one, load(y, toY + i).compare(GT, 0f)));
          d.intoArray(delta, i);
          sum = sum.add(d);
          deviation = d.fma(load(x, i).sub(centre), deviation);
        }
        sum.intoArray(sums, at + c);
        deviation.intoArray(deviations, at + c);
      }
    }
  }

  @Override
  public void normalizeDelta(
      float[] x, float[] delta, int first, int rows, int channels, float[] terms) {
    if (FLOATS.loopBound(channels) < channels) {
      super.normalizeDelta(x, delta, first, rows, channels, terms);
      return;
    }
    Ranges.rows(x, first, rows, channels);
    Ranges.rows(delta, first, rows, channels);
    Ranges.rows(terms, 0, 4, channels);
    for (int i = first; i < first + rows * channels; ) {
      for (int c = 0; c < channels; c += LANES, i += LANES) {
        FloatVector shift = load(terms, 3 * channels + c);
        FloatVector scaled = load(delta, i).fma(load(terms, channels + c), shift);
        FloatVector slope = load(terms, 2 * channels + c);
        slope.fma(load(x, i).sub(load(terms, c)), scaled).intoArray(delta, i);
      }
    }
  }

  @Override
  public void activate(Activation activation, float[] x, int xAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    int bound = FLOATS.loopBound(count);
    switch (activation) {
      case LINEAR -> {
        return;
      }
      case RELU -> {
        for (int i = xAt; i < xAt + bound; i += LANES) {
          FloatVector v = load(x, i);
          v.blend(0f, v.compare(LE, 0f)).intoArray(x, i);
        }
      }
      case LEAKY, RELIE -> {
        float slope = activation.gradient(-1);
        for (int i = xAt; i < xAt + bound; i += LANES) {
          FloatVector v = load(x, i);
          v.mul(slope).blend(v, v.compare(GT, 0f)).intoArray(x, i);
        }
      }
      default -> bound = 0;
    }
    super.activate(activation, x, xAt + bound, count - bound);
  }

  @Override
  public void gradient(
      Activation activation, float[] y, int yAt, float[] delta, int dAt, int count) {
    checkFromIndexSize(yAt, count, y.length);
    checkFromIndexSize(dAt, count, delta.length);
    if (activation == Activation.LINEAR) {
      return;
    }
    int bound = piecewise(activation) ? FLOATS.loopBound(count) : 0;
    FloatVector slope = broadcast(activation.gradient(-1));
    for (int i = 0; i < bound; i += LANES) {
      VectorMask<Float> positive = load(y, yAt + i).compare(GT, 0f);
      load(delta, dAt + i).mul(slope.blend(1f, positive)).intoArray(delta, dAt + i);
    }
    super.gradient(activation, y, yAt + bound, delta, dAt + bound, count - bound);
  }

  @Override
  public void maxpoolForward(
      PoolShape s, float[] x, int xAt, float[] y, int yAt, int[] index, int iAt, int from, int to) {
    Ranges.pooling(s, x, xAt, y, yAt, index, iAt, from, to);
    int start = -(s.padding() / 2);
    for (int n = from; n < to; n++) {
      int image = xAt + n * s.inputs();
      int out = n * s.outputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        int top = start + oh * s.stride();
        for (int ow = 0; ow < s.outW(); ow++, out += s.c()) {
          pool(s, x, image, top, start + ow * s.stride(), y, yAt + out, index, iAt + out);
        }
      }
    }
  }

  /** One window, all channels. */
  private static void pool(
      PoolShape s, float[] x, int at, int top, int left, float[] y, int yAt, int[] index, int iAt) {
    int firstRow = Math.max(0, top);
    int endRow = Math.min(s.h(), top + s.size());
    int firstColumn = Math.max(0, left);
    int endColumn = Math.min(s.w(), left + s.size());
    int bound = FLOATS.loopBound(s.c());
    for (int c = 0; c < bound; c += LANES) {
      FloatVector max = broadcast(-Float.MAX_VALUE);
      IntVector winner = IntVector.broadcast(INTS, -1);
      for (int row = firstRow; row < endRow; row++) {
        for (int column = firstColumn; column < endColumn; column++) {
          int place = (row * s.w() + column) * s.c() + c;
          FloatVector v = load(x, at + place);
          VectorMask<Float> greater = v.compare(GT, max);
          max = max.blend(v, greater);
          winner = winner.blend(Lanes.indexes().add(place), greater.cast(INTS));
        }
      }
      max.intoArray(y, yAt + c);
      winner.intoArray(index, iAt + c);
    }
    for (int c = bound; c < s.c(); c++) {
      float max = -Float.MAX_VALUE;
      int winner = -1;
      for (int row = firstRow; row < endRow; row++) {
        for (int column = firstColumn; column < endColumn; column++) {
          int place = (row * s.w() + column) * s.c() + c;
          if (x[at + place] > max) {
            max = x[at + place];
            winner = place;
          }
        }
      }
      y[yAt + c] = max;
      index[iAt + c] = winner;
    }
  }

  @Override
  public void maxpoolBackward(
      PoolShape s, float[] d, int dAt, int[] index, int iAt, float[] dx, int at, int from, int to) {
    if (FLOATS.loopBound(s.c()) < s.c()) {
      super.maxpoolBackward(s, d, dAt, index, iAt, dx, at, from, to);
      return;
    }
    Ranges.pooling(s, dx, at, d, dAt, index, iAt, from, to);
    int start = -(s.padding() / 2);
    for (int n = from; n < to; n++) {
      int image = at + n * s.inputs();
      int out = n * s.outputs();
      for (int oh = 0; oh < s.outH(); oh++) {
        int top = start + oh * s.stride();
        for (int ow = 0; ow < s.outW(); ow++, out += s.c()) {
          unpool(s, d, dAt + out, index, iAt + out, dx, image, top, start + ow * s.stride());
        }
      }
    }
  }

  /** Adds one window's deltas, all channels, to those of its values that were the largest. */
  private static void unpool(
      PoolShape s, float[] d, int dAt, int[] best, int bAt, float[] dx, int at, int top, int left) {
    int endRow = Math.min(s.h(), top + s.size());
    int firstColumn = Math.max(0, left);
    int endColumn = Math.min(s.w(), left + s.size());
    for (int c = 0; c < s.c(); c += LANES) {
      FloatVector delta = load(d, dAt + c);
      IntVector winner = IntVector.fromArray(INTS, best, bAt + c).sub(Lanes.indexes());
      for (int row = Math.max(0, top); row < endRow; row++) {
        for (int column = firstColumn; column < endColumn; column++) {
          int place = (row * s.w() + column) * s.c() + c;
          FloatVector before = load(dx, at + place);
          VectorMask<Float> here = winner.compare(EQ, place).cast(FLOATS);
          before.blend(before.add(delta), here).intoArray(dx, at + place);
        }
      }
    }
  }

  @Override
  public void axpy(float alpha, float[] x, int xAt, float[] y, int yAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    checkFromIndexSize(yAt, count, y.length);
    int bound = FLOATS.loopBound(count);
    for (int i = 0; i < bound; i += LANES) {
      broadcast(alpha).fma(load(x, xAt + i), load(y, yAt + i)).intoArray(y, yAt + i);
    }
    super.axpy(alpha, x, xAt + bound, y, yAt + bound, count - bound);
  }

  @Override
  public void add(float[] x, int xAt, float[] y, int yAt, int count) {
    checkFromIndexSize(xAt, count, x.length);
    checkFromIndexSize(yAt, count, y.length);
    int bound = FLOATS.loopBound(count);
    for (int i = 0; i < bound; i += LANES) {
      load(y, yAt + i).add(load(x, xAt + i)).intoArray(y, yAt + i);
    }
    super.add(x, xAt + bound, y, yAt + bound, count - bound);
  }

  @Override
  public void sgd(
      float rate, float decay, float momentum, float[] w, int wAt, float[] u, int uAt, int count) {
    checkFromIndexSize(wAt, count, w.length);
    checkFromIndexSize(uAt, count, u.length);
    int bound = FLOATS.loopBound(count);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector weight = load(w, wAt + i);
      FloatVector update = broadcast(-decay).fma(weight, load(u, uAt + i));
      broadcast(rate).fma(update, weight).intoArray(w, wAt + i);
      update.mul(momentum).intoArray(u, uAt + i);
    }
    super.sgd(rate, decay, momentum, w, wAt + bound, u, uAt + bound, count - bound);
  }
}
