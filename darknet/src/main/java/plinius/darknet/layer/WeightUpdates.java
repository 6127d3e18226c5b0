package plinius.darknet.layer;

import java.util.Arrays;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * The updates of a weight tensor: each shard sums over its own images, then the sums are added in
 * the shards' order.
 */
final class WeightUpdates {
  /** Most floats of partial sums at a time (64 MiB). Larger tensors are summed in fewer shards. */
  private static final int LIMIT = 1 << 24;

  /** Most floats of transformed sums at a time (32 MiB). */
  private static final int SUMS_LIMIT = 1 << 23;

  private WeightUpdates() {}

  /** In how many shards a tensor is summed: a function of its size and of the batch alone. */
  static int shards(int weights, int batchShards) {
    return Math.clamp(LIMIT / weights, 1, batchShards);
  }

  /** What was chosen that the bits depend on, for {@link Layer#plan()}. */
  static String plan(ConvShape shape, int batch) {
    String kernel = ConvPlan.of(shape) == ConvPlan.DIRECT ? "" : ConvPlan.of(shape).toString();
    int shards = shards(shape.weights(), Pass.shards(batch));
    boolean fewer = shards < Pass.shards(batch);
    return (kernel + (fewer ? " weight updates in " + shards + " shards" : "")).strip();
  }

  /** Floats of scratch that {@link #addBlock} needs; 0 where it needs none, or too many. */
  static int sums(ConvShape shape, int batchShards) {
    if (ConvPlan.of(shape) == ConvPlan.DIRECT) {
      return 0;
    }
    long floats = (long) batchShards * ConvPlan.sumFloats(shape);
    return floats > SUMS_LIMIT ? 0 : (int) floats;
  }

  /**
   * Whether a shard's sums can be taken block by block, while input and delta are in the cache.
   * Changes no bit.
   */
  static boolean inBlocks(ConvShape shape, int batchShards) {
    boolean each = shards(shape.weights(), batchShards) == batchShards;
    return each && (ConvPlan.of(shape) == ConvPlan.DIRECT || sums(shape, batchShards) > 0);
  }

  /** Whether that is so for any shape with so many weights, be it Winograd's or not. */
  static boolean inBlocks(long weights, int batchShards) {
    return batchShards * ConvPlan.sumFloats(weights) <= SUMS_LIMIT; // and so far below LIMIT
  }

  /**
   * What some images of a shard say, its blocks in order; then {@link #addShards}.
   *
   * @param x their inputs, from xAt
   */
  static void addBlock(
      Pass pass, ConvShape shape, float[] x, int xAt, float[] delta, int from, int to) {
    int shard = pass.shardOf(from);
    boolean first = from == pass.from(shard);
    int weights = shape.weights();
    int partial = shard * weights;
    int dAt = from * shape.outputs();
    float[] partials = pass.means.storage().partials;
    if (first) {
      Arrays.fill(partials, partial, partial + weights, 0);
    }
    if (ConvPlan.of(shape) == ConvPlan.DIRECT) {
      pass.kernels.convBackwardWeights(shape, x, xAt, delta, dAt, partials, partial, 0, to - from);
      return;
    }
    int floats = ConvPlan.sumFloats(shape);
    int sums = shard * floats;
    if (first) {
      Arrays.fill(pass.means.storage().sums, sums, sums + floats, 0);
    }
    pass.kernels.convSums(shape, x, xAt, delta, dAt, pass.means.storage().sums, sums, 0, to - from);
    if (to == pass.from(shard + 1)) {
      pass.kernels.convUpdates(shape, pass.means.storage().sums, sums, partials, partial);
    }
  }

  /** Adds to updates[at, ...) what this sub-batch says. */
  static void add(Pass pass, ConvShape shape, float[] x, float[] delta, float[] updates, int at) {
    int weights = shape.weights();
    int shards = shards(weights, pass.shards);
    float[] partials = pass.means.storage().partials;
    pass.run(
        shards,
        shard -> {
          int from = pass.first + (int) ((long) shard * pass.images / shards);
          int to = pass.first + (int) ((long) (shard + 1) * pass.images / shards);
          int partial = shard * weights;
          Arrays.fill(partials, partial, partial + weights, 0);
          pass.kernels.convBackwardWeights(shape, x, 0, delta, 0, partials, partial, from, to);
        });
    addShards(pass, weights, shards, updates, at);
  }

  /** Adds the shards' sums to updates[at, ...), in their order. */
  static void addShards(Pass pass, int weights, int shards, float[] updates, int at) {
    float[] partials = pass.means.storage().partials;
    pass.runChunks(
        weights,
        (from, to) -> {
          for (int shard = 0; shard < shards; shard++) {
            pass.kernels.add(partials, shard * weights + from, updates, at + from, to - from);
          }
        });
  }
}
