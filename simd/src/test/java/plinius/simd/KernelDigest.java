package plinius.simd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;
import plinius.reference.ScalarKernels;

/** Runs every kernel on odd sizes and offsets; a digest of each result, guard values included. */
final class KernelDigest {
  private static final int GUARD = 5;
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
    // Winograd: whole tiles, clipped tiles, other paddings
    {4, 8, 32, 64, 3, 1, 1, 1},
    {7, 6, 64, 32, 3, 1, 1, 1},
    {9, 6, 32, 32, 3, 1, 0, 1},
    {5, 6, 32, 96, 3, 1, 2, 1},
    {14, 14, 32, 32, 3, 1, 1, 1},
  };
  private static final int[][] POOLS = {
    // h, w, c, size, stride, padding
    {4, 4, 21, 2, 2, 1}, {5, 7, 3, 3, 2, 2}, {3, 3, 40, 2, 1, 1}, {2, 2, 17, 2, 3, 9},
  };
  private static final int[] CHANNELS = {1, 10, 16, 37, 64};
  private static final int[] COUNTS = {0, 1, 5, 16, 67, 207};

  private final Kernels kernels;
  private final CounterRandom random;
  private final Map<String, Long> results = new LinkedHashMap<>();
  private int drawn;

  private KernelDigest(Kernels kernels, long seed) {
    this.kernels = kernels;
    random = new CounterRandom(seed);
  }

  /** Arguments: scalar or vector, seed, rounds. The digest is of the last round. */
  public static void main(String[] arguments) {
    Kernels kernels = arguments[0].equals("scalar") ? new ScalarKernels() : new VectorKernels();
    Map<String, Long> results = Map.of();
    for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
      results = of(kernels, Long.parseLong(arguments[1]));
    }
    System.out.println(kernels.name() + " " + results);
  }

  /** Operation and shape to a checksum of the bits. */
  static Map<String, Long> of(Kernels kernels, long seed) {
    KernelDigest digest = new KernelDigest(kernels, seed);
    digest.convolutions();
    digest.rows();
    digest.pools();
    digest.vectors();
    return digest.results;
  }

  private void convolutions() {
    int images = 4;
    int from = 1;
    for (int[] c : CONVOLUTIONS) {
      ConvShape s = ConvShape.of(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
      float[] x = some(images * s.inputs());
      float[] w = some(s.weights());
      float[] y = some(images * s.outputs());
      float[] prepared = new float[ConvPlan.preparedFloats(s)];
      kernels.prepareForward(s, w, GUARD, prepared);
      kernels.convForward(s, x, GUARD, prepared, y, GUARD, from, images);
      keep("forward " + s, y);
      float[] delta = some(images * s.outputs());
      float[] xDelta = some(images * s.inputs());
      kernels.prepareBackward(s, w, GUARD, prepared);
      kernels.convBackwardData(s, delta, GUARD, prepared, xDelta, GUARD, from, images);
      keep("backward data " + s, xDelta);
      float[] before = w.clone();
      kernels.convBackwardWeights(s, x, GUARD, delta, GUARD, w, GUARD, from, images);
      keep("backward weights " + s, w);
      if (ConvPlan.of(s) == ConvPlan.WINOGRAD) {
        inBlocks(s, x, delta, before, from, images);
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
    int rows = 131;
    for (int c : CHANNELS) {
      int n = rows * c;
      float[] a = some(n);
      float[] b = some(n);
      float[] mean = some(c);
      float[] terms = some(4 * c);
      float[] y = some(n);
      float[] p = some(c);
      kernels.addBias(y, GUARD, rows, c, mean, GUARD);
      keep("addBias " + c, y);
      kernels.channelSums(a, GUARD, rows, c, p, GUARD);
      keep("sums " + c, p);
      kernels.channelSquares(a, GUARD, rows, c, mean, GUARD, p, GUARD);
      keep("squares " + c, p);
      for (Activation activation : Activation.values()) {
        kernels.normalize(a, GUARD, rows, c, terms, activation, y, GUARD);
        keep("normalize " + activation + " " + c, y);
        float[] q = some(c);
        kernels.normalizeSums(activation, y, 0, b, a, GUARD, rows, c, mean, p, q, GUARD);
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
      for (int i = 0; i < x.length; i++) {
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

  /** Values of both signs and some zeros, with guards on both sides. */
  private float[] some(int count) {
    float[] array = new float[count + 2 * GUARD];
    drawn++;
    for (int i = 0; i < array.length; i++) {
      float value = 4 * random.uniform(1, drawn, i) - 2;
      array[i] = Math.abs(value) < 0.1f ? Math.copySign(0, value) : value;
    }
    return array;
  }

  private void keep(String what, float[] array) {
    int[] bits = new int[array.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(array[i]));
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
