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

  private WeightUpdates() {}

  /** In how many shards a tensor is summed: a function of its size and of the batch alone. */
  static int shards(int weights, int batchShards) {
    return Math.clamp(LIMIT / weights, 1, batchShards);
  }

  /** What was chosen that the bits depend on, for {@link Layer#plan()}. */
  static String plan(ConvShape shape, int batch) {
    String plan = ConvPlan.of(shape) == ConvPlan.DIRECT ? "" : ConvPlan.of(shape).toString();
    int shards = shards(shape.weights(), Pass.shards(batch));
    if (shards == Pass.shards(batch)) {
      return plan;
    }
    return plan + (plan.isEmpty() ? "" : " ") + "weight updates in " + shards + " shards";
  }

  /** Adds to updates[at, ...) what this sub-batch says. */
  static void add(Pass pass, ConvShape shape, float[] x, float[] delta, float[] updates, int at) {
    int weights = shape.weights();
    int shards = shards(weights, pass.shards);
    float[] partials = pass.partials;
    pass.workers.run(
        shards,
        shard -> {
          int from = pass.first + (int) ((long) shard * pass.images / shards);
          int to = pass.first + (int) ((long) (shard + 1) * pass.images / shards);
          int partial = shard * weights;
          Arrays.fill(partials, partial, partial + weights, 0);
          pass.kernels.convBackwardWeights(shape, x, 0, delta, 0, partials, partial, from, to);
        });
    pass.runChunks(
        weights,
        (from, count) -> {
          for (int shard = 0; shard < shards; shard++) {
            pass.kernels.add(partials, shard * weights + from, updates, at + from, count);
          }
        });
  }
}
