package plinius.darknet.layer;

import plinius.kernel.Activation;

/** Biases without batch normalisation: added to each channel; their updates sum the delta. */
final class Biases {
  private final int channels;
  private final int rowsPerImage;
  private final ChannelSums sums;

  Biases(Shape shape) {
    channels = shape.c();
    rowsPerImage = shape.h() * shape.w();
    sums = new ChannelSums(channels);
  }

  /** output = activation(output + bias), for some images from {@code at}. */
  void forward(
      Pass pass,
      float[] output,
      int at,
      int images,
      float[] block,
      int biasesAt,
      Activation activation) {
    int rows = images * rowsPerImage;
    pass.kernels.addBias(output, at, rows, channels, block, biasesAt);
    if (activation != Activation.LINEAR) {
      pass.kernels.activate(activation, output, at, rows * channels);
    }
  }

  /** Before {@link #addSums}. */
  void beginSums() {
    sums.clear();
  }

  /** Takes the delta of some images of one shard back through the activation, and sums it. */
  void addSums(
      Pass pass, float[] y, int yAt, Activation activation, float[] delta, int from, int to) {
    int first = from * rowsPerImage * channels;
    int rows = (to - from) * rowsPerImage;
    if (activation != Activation.LINEAR) {
      pass.kernels.gradient(activation, y, yAt, delta, first, rows * channels);
    }
    int at = sums.at(pass.shardOf(from));
    pass.kernels.channelSums(delta, first, rows, channels, sums.partials(), at);
  }

  /** Adds the sums to the biases' updates. */
  void update(Pass pass, float[] block, int updatesAt) {
    for (int c = 0; c < channels; c++) {
      block[updatesAt + c] += sums.total(pass.shards, c);
    }
  }
}
