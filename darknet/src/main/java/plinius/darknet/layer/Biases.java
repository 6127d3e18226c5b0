package plinius.darknet.layer;

import plinius.kernel.Activation;

/** What follows a layer's product: biases, then the activation. Their updates sum the delta. */
class Biases {
  final Site site;
  final Storage storage;
  final Activation activation;
  final float[] output; // of the layer
  final float[] delta;
  final int channels;
  final int rowsPerImage;
  final ChannelSums sums;
  final Parameter biases;

  Biases(Layer layer, Activation activation) {
    this.activation = activation;
    site = layer.site;
    storage = layer.storage;
    output = layer.output;
    delta = layer.delta;
    channels = layer.out.c();
    rowsPerImage = layer.out.h() * layer.out.w();
    sums = new ChannelSums(channels);
    biases = new Parameter(site, "biases", storage.adam(), channels);
  }

  /** Where the layer puts its product. */
  float[] target(Pass pass) {
    return output;
  }

  /** To be told of images whose product is in {@link #target}, while they are in the cache. */
  void gather(Pass pass, int from, int to) {}

  /** After {@link #gather} of all images. */
  void takeStatistics(Pass pass) {}

  /** Whether the layer's output is not kept. */
  boolean recomputes() {
    return false;
  }

  /** From the product of some images to their output, from {@code at} of the target. */
  void write(Pass pass, int from, int to, float[] target, int at) {
    int rows = (to - from) * rowsPerImage;
    pass.kernels.addBias(target, at, rows, channels, storage.block(), biases.at());
    pass.kernels.activate(activation, target, at, rows * channels);
  }

  /** Before {@link #addSums}. */
  void beginSums() {
    sums.clear();
  }

  /**
   * The first pass back for some images of one shard: delta back through the activation, sums.
   *
   * @param y their outputs, from yAt
   */
  void addSums(Pass pass, int from, int to, float[] y, int yAt) {
    int first = from * rowsPerImage * channels;
    int rows = (to - from) * rowsPerImage;
    pass.kernels.gradient(activation, y, yAt, delta, first, rows * channels);
    int at = sums.at(pass.shardOf(from));
    pass.kernels.channelSums(delta, first, rows, channels, sums.partials(), at);
  }

  /** After the first pass back: adds to the updates. */
  void endSums(Pass pass) {
    for (int c = 0; c < channels; c++) {
      storage.block()[biases.updatesAt() + c] += sums.total(pass.shards, c);
    }
  }

  /** The second pass back, for some images: to the delta of the product. */
  void foldDelta(Pass pass, int from, int to) {}

  /** Applies the updates. */
  void update(Pass pass, Step step, float learningRate) {
    biases.update(pass, step, learningRate);
  }

  /** Gives parameters their initial values. */
  void initialise() {}
}
