package plinius.simd;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;

/**
 * What each kernel allocates once it is compiled: bytes of a call, printed line by line. Each call
 * does tens of thousands of vector operations; a vector that the compiler does not keep in a
 * register is an object of about a hundred bytes at every one of them. What a call needs around its
 * loops lies in the thread's {@link Scratch}.
 */
final class Allocations {
  private static final int CALLS = 4;
  private static final long PATIENCE_NANOS = 15_000_000_000L;

  private static final int[][] SHAPES = {
    // images, h = w, channels, filters, size, stride, pad, groups
    {2, 28, 3, 32, 3, 1, 1, 1},
    {4, 14, 16, 32, 3, 1, 1, 1},
    {16, 7, 128, 10, 1, 1, 0, 1},
    {4, 14, 32, 64, 1, 1, 0, 1},
    {2, 28, 32, 64, 3, 2, 1, 1},
    {2, 14, 64, 64, 3, 1, 1, 2},
    {4, 1, 512, 256, 1, 1, 0, 1},
    {4, 14, 64, 64, 3, 1, 1, 1},
    {8, 7, 64, 128, 3, 1, 1, 1},
  };
  private static final int VALUES = 200_000;
  private static final int CHANNELS = 64;

  private final Kernels kernels = new VectorKernels();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Map<String, Runnable> calls = new LinkedHashMap<>();

  private Allocations() {
    for (int[] c : SHAPES) {
      convolution(new ConvShape(c[1], c[1], c[2], c[3], c[4], c[5], c[6], c[7]), c[0]);
    }
    rows();
    values();
    pooling();
  }

  public static void main(String[] arguments) {
    Allocations all = new Allocations();
    all.calls.forEach((name, call) -> System.out.println(all.least(call) + " " + name));
  }

  /** Bytes of a call; ends as soon as there are none, which needs the compiler's time. */
  private long least(Runnable call) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    long least = Long.MAX_VALUE;
    while (least > 0 && System.nanoTime() < end) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / CALLS);
    }
    return least;
  }

  private void convolution(ConvShape s, int images) {
    float[] x = filled(images * s.inputs());
    float[] y = filled(images * s.outputs());
    float[] w = filled(s.weights());
    float[] prepared = new float[ConvPlan.preparedFloats(s)];
    float[] sums = new float[ConvPlan.of(s) == ConvPlan.WINOGRAD ? ConvPlan.sumFloats(s) : 0];
    calls.put("prepareForward " + s, () -> kernels.prepareForward(s, w, 0, prepared));
    calls.put("convForward " + s, () -> kernels.convForward(s, x, 0, prepared, y, 0, 0, images));
    calls.put("prepareBackward " + s, () -> kernels.prepareBackward(s, w, 0, prepared));
    calls.put(
        "convBackwardData " + s,
        () -> kernels.convBackwardData(s, y, 0, prepared, x, 0, 0, images));
    calls.put(
        "convBackwardWeights " + s,
        () -> kernels.convBackwardWeights(s, x, 0, y, 0, w, 0, 0, images));
    if (sums.length > 0) {
      calls.put("convSums " + s, () -> kernels.convSums(s, x, 0, y, 0, sums, 0, 0, images));
      calls.put("convUpdates " + s, () -> kernels.convUpdates(s, sums, 0, w, 0));
    }
  }

  private void rows() {
    int rows = VALUES / CHANNELS;
    float[] x = filled(VALUES);
    float[] y = filled(VALUES);
    float[] delta = filled(VALUES);
    float[] terms = filled(4 * CHANNELS);
    float[] p = filled(CHANNELS);
    float[] q = filled(CHANNELS);
    calls.put("addBias", () -> kernels.addBias(y, 0, rows, CHANNELS, terms, 0));
    calls.put("channelSums", () -> kernels.channelSums(x, 0, rows, CHANNELS, p, 0));
    calls.put("channelSquares", () -> kernels.channelSquares(x, 0, rows, CHANNELS, terms, 0, p, 0));
    calls.put(
        "normalize", () -> kernels.normalize(x, 0, rows, CHANNELS, terms, Activation.LEAKY, y, 0));
    calls.put(
        "normalizeSums",
        () ->
            kernels.normalizeSums(
                Activation.LEAKY, y, 0, delta, x, 0, rows, CHANNELS, terms, p, q, 0));
    calls.put("normalizeDelta", () -> kernels.normalizeDelta(x, delta, 0, rows, CHANNELS, terms));
  }

  private void values() {
    float[] x = filled(VALUES);
    float[] y = filled(VALUES);
    for (Activation f : List.of(Activation.RELU, Activation.LEAKY, Activation.RELIE)) {
      calls.put("activate " + f, () -> kernels.activate(f, x, 0, VALUES));
      calls.put("gradient " + f, () -> kernels.gradient(f, x, 0, y, 0, VALUES));
    }
    calls.put("axpy", () -> kernels.axpy(0.5f, x, 0, y, 0, VALUES));
    calls.put("scale", () -> kernels.scale(0.999f, x, 0, VALUES));
    calls.put("add", () -> kernels.add(x, 0, y, 0, VALUES));
    calls.put("sgd", () -> kernels.sgd(0.1f, 0.01f, 0.9f, x, 0, y, 0, VALUES));
  }

  private void pooling() {
    int images = 8;
    PoolShape s = PoolShape.of(28, 28, 32, 2, 2, 1);
    float[] x = filled(images * s.inputs());
    float[] y = filled(images * s.outputs());
    int[] indexes = new int[y.length];
    calls.put("maxpoolForward", () -> kernels.maxpoolForward(s, x, 0, y, 0, indexes, 0, 0, images));
    calls.put(
        "maxpoolBackward", () -> kernels.maxpoolBackward(s, y, 0, indexes, 0, x, 0, 0, images));
  }

  private static float[] filled(int count) {
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = i * 7919L % 1000 / 1000f - 0.5f;
    }
    return array;
  }
}
