package plinius.simd;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * The convolutions of mnist-12, in GF/s: forward, backward to the data, backward to the weights.
 * Arguments: threads, batch, rounds.
 */
final class KernelBenchmark {
  private static final int SHARDS = 8;

  private KernelBenchmark() {}

  public static void main(String[] arguments) {
    int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
    int batch = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 128;
    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 12;
    Kernels kernels = Kernels.best();
    System.out.println(kernels.name() + ", " + threads + " threads, batch " + batch);
    ConvShape[] shapes = {
      ConvShape.of(28, 28, 1, 32, 3, 1, 1, 1),
      ConvShape.of(14, 14, 32, 64, 3, 1, 1, 1),
      ConvShape.of(14, 14, 64, 64, 3, 1, 1, 1),
      ConvShape.of(7, 7, 64, 128, 3, 1, 1, 1),
      ConvShape.of(7, 7, 128, 10, 1, 1, 0, 1),
    };
    int[] times = {1, 1, 8, 1, 1};
    double total = 0;
    try (Workers workers = new Workers(threads)) {
      for (int i = 0; i < shapes.length; i++) {
        total += times[i] * layer(kernels, workers, shapes[i], batch, rounds);
      }
    }
    System.out.printf(
        "mnist-12 convolutions: %.1f ms, %.0f img/s%n", total / 1e6, batch / total * 1e9);
  }

  private static double layer(
      Kernels kernels, Workers workers, ConvShape s, int batch, int rounds) {
    float[] x = filled(batch * s.inputs());
    float[] w = filled(s.weights());
    float[] y = filled(batch * s.outputs());
    float[] xDelta = filled(batch * s.inputs());
    float[] t = new float[ConvPlan.preparedFloats(s)];
    float[][] updates = new float[SHARDS][s.weights()];
    long[] best = {Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE};
    for (int round = 0; round < rounds; round++) {
      long t0 = System.nanoTime();
      kernels.prepareForward(s, w, 0, t);
      workers.run(
          SHARDS,
          k -> kernels.convForward(s, x, 0, t, y, 0, k * batch / SHARDS, (k + 1) * batch / SHARDS));
      long t1 = System.nanoTime();
      kernels.prepareBackward(s, w, 0, t);
      workers.run(
          SHARDS,
          k ->
              kernels.convBackwardData(
                  s, y, 0, t, xDelta, 0, k * batch / SHARDS, (k + 1) * batch / SHARDS));
      long t2 = System.nanoTime();
      workers.run(
          SHARDS,
          k ->
              kernels.convBackwardWeights(
                  s, x, 0, y, 0, updates[k], 0, k * batch / SHARDS, (k + 1) * batch / SHARDS));
      long t3 = System.nanoTime();
      best[0] = Math.min(best[0], t1 - t0);
      best[1] = Math.min(best[1], t2 - t1);
      best[2] = Math.min(best[2], t3 - t2);
    }
    double flops = 2.0 * batch * s.outH() * s.outW() * s.weights();
    System.out.printf(
        "%d->%d@%d size %d: forward %.1f ms %.0f GF/s, data %.1f ms %.0f GF/s, weights %.1f ms %.0f"
            + " GF/s%n",
        s.c(),
        s.filters(),
        s.h(),
        s.size(),
        best[0] / 1e6,
        flops / best[0],
        best[1] / 1e6,
        flops / best[1],
        best[2] / 1e6,
        flops / best[2]);
    return best[0] + best[1] + best[2];
  }

  private static float[] filled(int count) {
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = i * 7919L % 1000 / 1000f - 0.5f;
    }
    return array;
  }
}
