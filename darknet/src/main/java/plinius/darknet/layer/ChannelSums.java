package plinius.darknet.layer;

import java.util.Arrays;

/** A sum for each channel over the whole batch, taken shard by shard. */
final class ChannelSums {
  private final int channels;
  private final float[] partials;

  ChannelSums(int channels) {
    this.channels = channels;
    this.partials = new float[Pass.MAX_SHARDS * channels];
  }

  /** Where a shard's sums lie in {@link #partials()}, set to 0. */
  int cleared(int shard) {
    Arrays.fill(partials, shard * channels, (shard + 1) * channels, 0);
    return shard * channels;
  }

  float[] partials() {
    return partials;
  }

  /** The sum over all shards, in their order. */
  float total(int shards, int channel) {
    float sum = 0;
    for (int shard = 0; shard < shards; shard++) {
      sum += partials[shard * channels + channel];
    }
    return sum;
  }
}
