package plinius.benchmarks.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import plinius.benchmarks.kernels.Work.Bound;

/** What a machine can do at most, measured in turns with the kernels. */
final class Limits {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int SHARDS = 8;
  private static final int CALLS = 32;
  private static final int STEPS = 4000;

  /**
   * Independent sums: enough for two multiply-adds a cycle of a latency of up to six, and few
   * enough for 16 registers.
   */
  private static final int SUMS = 12;

  private Limits() {}

  /** Multiply-adds in registers, nothing loaded. */
  static Work multiplyAdds() {
    float[] sink = new float[SHARDS];
    double operations = 2.0 * FLOATS.length() * SUMS * STEPS * CALLS * SHARDS;
    return new Work(
        "peak",
        "multiply-adds in registers",
        Bound.ARITHMETIC,
        operations,
        SHARDS,
        shard -> {
          for (int i = 0; i < CALLS; i++) {
            sink[shard] += multiplyAdds(STEPS);
          }
        });
  }

  private static float multiplyAdds(int steps) {
    FloatVector f = FloatVector.broadcast(FLOATS, 0.999f);
    FloatVector a0 = f.add(1), a1 = f.add(2), a2 = f.add(3), a3 = f.add(4);
    FloatVector a4 = f.add(5), a5 = f.add(6), a6 = f.add(7), a7 = f.add(8);
    FloatVector b0 = f.add(9), b1 = f.add(10), b2 = f.add(11), b3 = f.add(12);
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
    }
    FloatVector a = a0.add(a1).add(a2).add(a3).add(a4).add(a5).add(a6).add(a7);
    return a.add(b0).add(b1).add(b2).add(b3).lane(0);
  }

  /** Copying so many values, as the virtual machine copies arrays. */
  static Work copy(Room room, int values) {
    float[] from = room.array(Room.Name.FIRST, values);
    float[] to = room.array(Room.Name.SECOND, values);
    return new Work(
        "copy",
        "of an array",
        Bound.MEMORY,
        2.0 * Float.BYTES * values,
        SHARDS,
        shard -> {
          int first = KernelWorks.from(shard, values, SHARDS);
          int end = KernelWorks.from(shard + 1, values, SHARDS);
          System.arraycopy(from, first, to, first, end - first);
        });
  }
}
