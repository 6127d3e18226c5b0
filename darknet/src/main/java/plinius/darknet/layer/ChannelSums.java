package plinius.darknet.layer;

import java.util.Arrays;

/**
 * A sum for each channel over the whole batch, taken shard by shard.
 *
 * @param partials (shards, channels)
 */
@SuppressWarnings("ArrayRecordComponent") // filled by kernels
record ChannelSums(int channels, float[] partials) {
  ChannelSums(int channels) {
    this(channels, new float[Pass.MAX_SHARDS * channels]);
  }

  /** Sets all sums to 0. */
  void clear() {
    Arrays.fill(partials, 0);
  }

  /** Where a shard's sums lie in {@link #partials()}. */
  int at(int shard) {
    return shard * channels;
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
