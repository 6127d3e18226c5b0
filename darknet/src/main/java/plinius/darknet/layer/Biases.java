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

  /** output = activation(output + bias). */
  void forward(Pass pass, float[] output, float[] block, int biasesAt, Activation activation) {
    pass.run(
        shard -> {
          int first = pass.from(shard) * rowsPerImage * channels;
          int rows = (pass.from(shard + 1) - pass.from(shard)) * rowsPerImage;
          pass.kernels.addBias(output, first, rows, channels, block, biasesAt);
          if (activation != Activation.LINEAR) {
            pass.kernels.activate(activation, output, first, rows * channels);
          }
        });
  }

  /** Takes delta back through the activation, and adds its sums to the updates. */
  void backward(
      Pass pass,
      float[] output,
      Activation activation,
      float[] delta,
      float[] block,
      int updatesAt) {
    pass.run(
        shard -> {
          int first = pass.from(shard) * rowsPerImage * channels;
          int rows = (pass.from(shard + 1) - pass.from(shard)) * rowsPerImage;
          int at = sums.cleared(shard);
          if (activation != Activation.LINEAR) {
            pass.kernels.gradient(activation, output, first, delta, first, rows * channels);
          }
          pass.kernels.channelSums(delta, first, rows, channels, sums.partials(), at);
        });
    for (int c = 0; c < channels; c++) {
      block[updatesAt + c] += sums.total(pass.shards, c);
    }
  }
}
