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

  /** Sets all sums to 0. */
  void clear() {
    Arrays.fill(partials, 0);
  }

  /** Where a shard's sums lie in {@link #partials()}. */
  int at(int shard) {
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
