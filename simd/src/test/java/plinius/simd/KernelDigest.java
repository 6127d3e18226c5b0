package plinius.simd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.CRC32;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;
import plinius.reference.ScalarKernels;

/**
 * Runs every kernel on odd sizes and offsets; a digest of each result, guard values included.
 *
 * <p>All NaNs are one: which of two a sum hands on is the processor's choice.
 */
final class KernelDigest {
  /** What stands in the arrays. */
  enum Values {
    /** Values of both signs and some zeros. */
    USUAL,
    /** Denormal numbers, and others whose products are. */
    SMALL,
    /** Few infinities among usual values. */
    INFINITE,
    /** Few NaNs among usual values. */
    NOT_A_NUMBER
  }

  private static final int GUARD = 5;

  /** Multiply-adds of an image. */
  private static final long SMALL = 300_000;

  private static final int[][] CONVOLUTIONS = {
    // h, w, c, filters, size, stride, pad, groups
    {5, 7, 3, 10, 3, 1, 1, 1},
    {4, 14, 5, 33, 3, 1, 1, 1},
    {6, 9, 1, 32, 3, 1, 1, 1},
    {3, 8, 16, 64, 3, 1, 1, 1},
    {7, 7, 9, 10, 1, 1, 0, 1},
    {7, 5, 4, 6, 3, 2, 1, 2},
    {8, 9, 3, 7, 5, 3, 2, 1},
    {6, 6, 4, 4, 3, 1, 1, 4},
    {6, 5, 4, 8, 1, 2, 0, 1},
    {5, 5, 2, 3, 2, 1, 0, 1},
    {9, 4, 2, 5, 4, 2, 3, 1},
    {3, 3, 2, 4, 1, 1, 1, 2},
    {1, 1, 37, 19, 1, 1, 0, 1},
    {2, 3, 6, 4, 1, 1, 0, 2},
    {2, 2, 3, 4, 5, 1, 2, 1},
    {11, 11, 1, 2, 3, 4, 0, 1},
    // rows wider than a tile, wider than a gradient's pass; more pixels than one pass
    {3, 71, 2, 5, 3, 1, 1, 1},
    {2, 300, 1, 3, 3, 2, 1, 1},
    {2, 270, 1, 2, 2, 1, 0, 1},
    {12, 40, 2, 17, 3, 1, 1, 1},
    // two images at a time, and one that is left
    {4, 28, 2, 5, 3, 1, 1, 1},
    // Winograd: whole tiles, clipped tiles, other paddings
    {4, 8, 32, 64, 3, 1, 1, 1},
    {7, 6, 64, 32, 3, 1, 1, 1},
    {9, 6, 32, 32, 3, 1, 0, 1},
    {5, 6, 32, 96, 3, 1, 2, 1},
    {14, 14, 32, 32, 3, 1, 1, 1},
    // many channels, many filters
    {3, 4, 256, 32, 3, 1, 1, 1},
    {2, 3, 32, 512, 3, 1, 1, 1},
    {1, 2, 1024, 48, 1, 1, 0, 1},
  };
  private static final int[][] POOLS = {
    // h, w, c, size, stride, padding
    {4, 4, 21, 2, 2, 1}, {5, 7, 3, 3, 2, 2}, {3, 3, 40, 2, 1, 1}, {2, 2, 17, 2, 3, 9},
  };
  private static final int[] CHANNELS = {1, 10, 16, 37, 64, 264};
  private static final int[] COUNTS = {0, 1, 5, 16, 67, 207};

  private final Kernels kernels;
  private final Values values;
  private final boolean exact;
  private final long most;
  private final CounterRandom random;
  private final Map<String, Long> results = new LinkedHashMap<>();
  private int drawn;

  /**
   * @param most multiply-adds of a convolution's image, of those that are run
   */
  private KernelDigest(Kernels kernels, long seed, Values values, boolean exact, long most) {
    this.most = most;
    this.kernels = kernels;
    this.values = values;
    this.exact = exact;
    random = new CounterRandom(seed);
  }

  /**
   * Arguments: scalar or vector, seed, rounds, guarded, small or exact, values. The digest is of
   * the last round.
   */
  public static void main(String[] arguments) {
    Kernels kernels = arguments[0].equals("scalar") ? new ScalarKernels() : new VectorKernels();
    long seed = Long.parseLong(arguments[1]);
    Values[] values = Arrays.stream(arguments).skip(4).map(Values::valueOf).toArray(Values[]::new);
    Map<String, Long> results = Map.of();
    for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
      results =
          switch (arguments[3]) {
            case "guarded" -> of(kernels, seed, values);
            case "small" -> small(kernels, seed);
            case "exact" -> exact(kernels, seed);
            default -> throw new IllegalArgumentException(arguments[3]);
          };
    }
    System.out.println(kernels.name() + " " + results);
  }

  /** Operation and shape to a checksum of the bits. */
  static Map<String, Long> of(Kernels kernels, long seed, Values... values) {
    Map<String, Long> results = new LinkedHashMap<>();
    for (Values each : values) {
      new KernelDigest(kernels, seed, each, false, Long.MAX_VALUE)
          .run()
          .forEach((name, digest) -> results.put(each + " " + name, digest));
    }
    return results;
  }

  /**
   * The same in arrays without anything behind the values, and each convolution with scratch of its
   * own, so that no larger one has left room in it.
   */
  static Map<String, Long> exact(Kernels kernels, long seed) {
    return new KernelDigest(kernels, seed, Values.USUAL, true, Long.MAX_VALUE).run();
  }

  /** Without the convolutions that an interpreter takes long for; each plan remains. */
  static Map<String, Long> small(Kernels kernels, long seed) {
    return new KernelDigest(kernels, seed, Values.USUAL, false, SMALL).run();
  }

  private Map<String, Long> run() {
    convolutions();
    rows();
    pools();
    vectors();
    return results;
  }

  /** A convolution; a thread's scratch begins with it if that shall be exact. */
  private void convolve(Runnable call) {
    if (!exact) {
      call.run();
      return;
    }
    try (ExecutorService fresh = Executors.newSingleThreadExecutor()) {
      fresh.submit(call).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a convolution failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void convolutions() {
    int images = 4;
    int from = 1;
    for (int[] c : CONVOLUTIONS) {
      ConvShape s = new ConvShape(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
      if ((long) s.outputs() / s.filters() * s.weights() > most) {
        continue;
      }
      float[] x = some(images * s.inputs());
      float[] w = some(s.weights());
      float[] y = some(images * s.outputs());
      float[] prepared = new float[ConvPlan.preparedFloats(s)];
      convolve(() -> kernels.prepareForward(s, w, GUARD, prepared));
      convolve(() -> kernels.convForward(s, x, GUARD, prepared, y, GUARD, from, images));
      keep("forward " + s, y);
      float[] delta = some(images * s.outputs());
      float[] xDelta = some(images * s.inputs());
      convolve(() -> kernels.prepareBackward(s, w, GUARD, prepared));
      convolve(
          () -> kernels.convBackwardData(s, delta, GUARD, prepared, xDelta, GUARD, from, images));
      keep("backward data " + s, xDelta);
      float[] before = w.clone();
      convolve(
          () -> kernels.convBackwardWeights(s, x, GUARD, delta, GUARD, w, GUARD, from, images));
      keep("backward weights " + s, w);
      if (ConvPlan.of(s) == ConvPlan.WINOGRAD) {
        convolve(() -> inBlocks(s, x, delta, before, from, images));
        keep("backward weights block by block " + s, before);
        if (!Arrays.equals(before, w)) {
          throw new IllegalStateException("blocks change the updates of " + s);
        }
      }
    }
  }

  /** The same updates, image by image. */
  private void inBlocks(
      ConvShape s, float[] x, float[] delta, float[] updates, int from, int images) {
    float[] sums = new float[GUARD + ConvPlan.sumFloats(s)];
    for (int image = from; image < images; image++) {
      int xAt = GUARD + image * s.inputs();
      kernels.convSums(s, x, xAt, delta, GUARD, sums, GUARD, 0, 0);
      kernels.convSums(s, x, GUARD, delta, GUARD, sums, GUARD, image, image + 1);
    }
    kernels.convUpdates(s, sums, GUARD, updates, GUARD);
  }

  private void rows() {
    for (int c : CHANNELS) {
      int rows = 3 + 4096 / c;
      int n = rows * c;
      float[] a = some(n);
      float[] b = some(n);
      float[] bias = some(c);
      float[] mean = fromZero(c);
      float[] terms = fromZero(4 * c);
      float[] y = some(n);
      float[] p = some(c);
      kernels.addBias(y, GUARD, rows, c, bias, GUARD);
      keep("addBias " + c, y);
      kernels.channelSums(a, GUARD, rows, c, p, GUARD);
      keep("sums " + c, p);
      kernels.channelSquares(a, GUARD, rows, c, bias, GUARD, p, GUARD);
      keep("squares " + c, p);
      for (Activation activation : Activation.values()) {
        kernels.normalize(a, GUARD, rows, c, terms, activation, y, GUARD);
        keep("normalize " + activation + " " + c, y);
        float[] q = some(c);
        float[] out = Arrays.copyOfRange(y, 2, y.length); // begins elsewhere than b and a
        kernels.normalizeSums(activation, out, GUARD - 2, b, a, GUARD, rows, c, mean, p, q, GUARD);
        keep("delta of normalizeSums " + activation + " " + c, b);
        keep("sums " + activation + " " + c, p);
        keep("deviations " + activation + " " + c, q);
        kernels.normalizeDelta(a, b, GUARD, rows, c, terms);
        keep("normalizeDelta " + activation + " " + c, b);
        b = some(n);
      }
    }
  }

  private void pools() {
    for (int[] p : POOLS) {
      PoolShape s = PoolShape.of(p[0], p[1], p[2], p[3], p[4], p[5]);
      float[] x = some(3 * s.inputs());
      for (int i = 0; values == Values.USUAL && i < x.length; i++) {
        x[i] = Math.round(x[i]); // equal values: the first must win
      }
      float[] y = some(3 * s.outputs());
      int[] indexes = new int[y.length];
      kernels.maxpoolForward(s, x, GUARD, y, GUARD, indexes, GUARD, 1, 3);
      keep("maxpool " + s, y);
      keep("indexes " + s, indexes);
      float[] xDelta = some(3 * s.inputs());
      kernels.maxpoolBackward(s, y, GUARD, indexes, GUARD, xDelta, GUARD, 1, 3);
      keep("maxpool back " + s, xDelta);
    }
  }

  private void vectors() {
    for (int n : COUNTS) {
      for (Activation activation : Activation.values()) {
        float[] x = some(n);
        kernels.activate(activation, x, GUARD, n);
        keep(activation + " " + n, x);
        float[] delta = some(n);
        kernels.gradient(activation, x, GUARD, delta, GUARD, n);
        keep(activation + " gradient " + n, delta);
      }
      float[] x = some(n);
      float[] y = some(n);
      kernels.axpy(0.3f, x, GUARD, y, GUARD, n);
      keep("axpy " + n, y);
      kernels.scale(0.7f, x, GUARD, n);
      keep("scale " + n, x);
      kernels.add(x, GUARD, y, GUARD, n);
      keep("add " + n, y);
      kernels.sgd(0.1f, 0.01f, 0.9f, x, GUARD, y, GUARD, n);
      keep("sgd weights " + n, x);
      keep("sgd updates " + n, y);
    }
  }

  /** Values between guards; if that shall be exact, with nothing behind them. */
  private float[] some(int count) {
    float[] array = new float[count + (exact ? 1 : 2) * GUARD];
    fill(array);
    return array;
  }

  /** Values for where a kernel takes no offset. */
  private float[] fromZero(int count) {
    float[] array = new float[count + (exact ? 0 : GUARD)];
    fill(array);
    return array;
  }

  private void fill(float[] array) {
    drawn++;
    for (int i = 0; i < array.length; i++) {
      float value = 4 * random.uniform(1, drawn, i) - 2;
      boolean odd = values == Values.SMALL && random.uniform(2, drawn, i) < 0.5f;
      float scaled = values == Values.SMALL ? value * (odd ? 0x1p-140f : 0x1p-70f) : value;
      array[i] = Math.abs(value) < 0.1f ? Math.copySign(0, value) : scaled;
    }
    for (int i = 0; i < 3 && array.length > 0; i++) {
      int at = Math.min((int) (random.uniform(3, drawn, i) * array.length), array.length - 1);
      switch (values) {
        case INFINITE -> array[at] = i == 1 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
        case NOT_A_NUMBER -> array[at] = Float.NaN;
        case USUAL, SMALL -> {}
      }
    }
  }

  private void keep(String what, float[] array) {
    int[] bits = new int[array.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(array[i]));
    keep(what, bits);
  }

  private void keep(String what, int[] bits) {
    CRC32 crc = new CRC32();
    for (int b : bits) {
      crc.update(b);
      crc.update(b >>> 8);
      crc.update(b >>> 16);
      crc.update(b >>> 24);
    }
    results.put(what, crc.getValue());
  }

  /** What differs, for people. */
  static List<String> difference(Map<String, Long> a, Map<String, Long> b) {
    List<String> names = new ArrayList<>();
    a.forEach(
        (name, value) -> {
          if (!value.equals(b.get(name))) {
            names.add(name);
          }
        });
    return names;
  }
}
