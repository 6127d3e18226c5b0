package plinius.simd;

import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.broadcast;

import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.LongSupplier;
import jdk.incubator.vector.FloatVector;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * Convolutions against the peak of multiply-adds, measured in the same run: forward, backward to
 * the data, backward to the weights. Operations are those of the definition, so Winograd may pass
 * the peak. With one thread in processor time, so that other work counts little.
 *
 * <p>Arguments: threads, batch, rounds.
 */
final class KernelBenchmark {
  private static final int SHARDS = 8;

  /** h = w, channels, filters, size, stride, padding, groups, images of the batch to one here. */
  private static final int[][] SHAPES = {
    {28, 1, 32, 3, 1, 1, 1, 1},
    {14, 32, 64, 3, 1, 1, 1, 1},
    {14, 64, 64, 3, 1, 1, 1, 1},
    {7, 64, 128, 3, 1, 1, 1, 1},
    {7, 128, 10, 1, 1, 0, 1, 1},
    {28, 128, 128, 3, 1, 1, 1, 4},
    {14, 256, 256, 3, 1, 1, 1, 4},
    {7, 512, 512, 3, 1, 1, 1, 4},
    {7, 1024, 1024, 3, 1, 1, 1, 16},
    {56, 64, 256, 1, 1, 0, 1, 8},
    {28, 128, 256, 3, 2, 1, 1, 4},
    {28, 64, 64, 3, 1, 1, 2, 4},
    {224, 3, 64, 7, 2, 3, 1, 32},
    {224, 64, 64, 3, 1, 1, 1, 128},
  };

  private KernelBenchmark() {}

  public static void main(String[] arguments) {
    int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
    int batch = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 128;
    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 12;
    Kernels kernels = Kernels.best();
    LongSupplier clock =
        threads == 1
            ? ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime
            : System::nanoTime;
    try (Workers workers = new Workers(threads)) {
      double peak = peak(workers, clock);
      System.out.printf(
          Locale.ROOT,
          "%s, %d threads, batch %d, peak %.0f GF/s%n",
          kernels.name(),
          threads,
          batch,
          peak);
      System.out.println("share of the peak in percent: forward, to the data, to the weights");
      for (int[] c : SHAPES) {
        layer(kernels, workers, clock, shape(c), Math.max(1, batch / c[7]), rounds, peak);
      }
    }
  }

  private static ConvShape shape(int[] c) {
    return new ConvShape(c[0], c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
  }

  /** Multiply-adds of 16 independent sums, nothing loaded: best of some, all threads at once. */
  private static double peak(Workers workers, LongSupplier clock) {
    int steps = 200_000;
    double best = 0;
    float[] sink = new float[SHARDS];
    for (int round = 0; round < 40; round++) {
      long began = clock.getAsLong();
      workers.run(SHARDS, k -> sink[k] = multiplyAdds(steps));
      double operations = 2.0 * LANES * 16 * steps * SHARDS;
      best = Math.max(best, operations / (clock.getAsLong() - began));
    }
    return best;
  }

  private static float multiplyAdds(int steps) {
    FloatVector f = broadcast(0.999f);
    FloatVector a0 = broadcast(1);
    FloatVector a1 = broadcast(2);
    FloatVector a2 = broadcast(3);
    FloatVector a3 = broadcast(4);
    FloatVector a4 = broadcast(5);
    FloatVector a5 = broadcast(6);
    FloatVector a6 = broadcast(7);
    FloatVector a7 = broadcast(8);
    FloatVector b0 = broadcast(9);
    FloatVector b1 = broadcast(10);
    FloatVector b2 = broadcast(11);
    FloatVector b3 = broadcast(12);
    FloatVector b4 = broadcast(13);
    FloatVector b5 = broadcast(14);
    FloatVector b6 = broadcast(15);
    FloatVector b7 = broadcast(16);
    for (int i = 0; i < steps; i++) {
      a0 = a0.fma(f, f);
      a1 = a1.fma(f, f);
      a2 = a2.fma(f, f);
      a3 = a3.fma(f, f);
      a4 = a4.fma(f, f);
      a5 = a5.fma(f, f);
      a6 = a6.fma(f, f);
      a7 = a7.fma(f, f);
      b0 = b0.fma(f, f);
      b1 = b1.fma(f, f);
      b2 = b2.fma(f, f);
      b3 = b3.fma(f, f);
      b4 = b4.fma(f, f);
      b5 = b5.fma(f, f);
      b6 = b6.fma(f, f);
      b7 = b7.fma(f, f);
    }
    FloatVector a = a0.add(a1).add(a2).add(a3).add(a4).add(a5).add(a6).add(a7);
    return a.add(b0).add(b1).add(b2).add(b3).add(b4).add(b5).add(b6).add(b7).lane(0);
  }

  private static void layer(
      Kernels kernels,
      Workers workers,
      LongSupplier clock,
      ConvShape s,
      int batch,
      int rounds,
      double peak) {
    float[] x = filled(batch * s.inputs());
    float[] w = filled(s.weights());
    float[] y = filled(batch * s.outputs());
    float[] xDelta = filled(batch * s.inputs());
    float[] t = new float[ConvPlan.preparedFloats(s)];
    int shards = Math.min(SHARDS, batch);
    float[][] updates = new float[shards][s.weights()];
    long[] best = {Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE};
    for (int round = 0; round < rounds; round++) {
      long t0 = clock.getAsLong();
      kernels.prepareForward(s, w, 0, t);
      workers.run(
          shards,
          k -> kernels.convForward(s, x, 0, t, y, 0, k * batch / shards, (k + 1) * batch / shards));
      long t1 = clock.getAsLong();
      kernels.prepareBackward(s, w, 0, t);
      workers.run(
          shards,
          k ->
              kernels.convBackwardData(
                  s, y, 0, t, xDelta, 0, k * batch / shards, (k + 1) * batch / shards));
      long t2 = clock.getAsLong();
      workers.run(
          shards,
          k ->
              kernels.convBackwardWeights(
                  s, x, 0, y, 0, updates[k], 0, k * batch / shards, (k + 1) * batch / shards));
      long t3 = clock.getAsLong();
      best[0] = Math.min(best[0], t1 - t0);
      best[1] = Math.min(best[1], t2 - t1);
      best[2] = Math.min(best[2], t3 - t2);
    }
    double share = 2.0 * batch * s.outH() * s.outW() * s.weights() / peak * 100;
    System.out.printf(
        Locale.ROOT,
        "| %d -> %d at %d x %d, %d x %d%s%s, batch %d | %s | %.0f | %.0f | %.0f |%n",
        s.c(),
        s.filters(),
        s.h(),
        s.w(),
        s.size(),
        s.size(),
        s.stride() > 1 ? ", stride " + s.stride() : "",
        s.groups() > 1 ? ", " + s.groups() + " groups" : "",
        batch,
        ConvPlan.of(s).toString().toLowerCase(Locale.ROOT),
        share / best[0],
        share / best[1],
        share / best[2]);
  }

  private static float[] filled(int count) {
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = i * 7919L % 1000 / 1000f - 0.5f;
    }
    return array;
  }
}
