package plinius.darknet.layer;

import java.util.Arrays;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.Activation;

/**
 * Batch normalisation as convolutional, connected and batchnorm layers share it (darknet
 * batchnorm_layer.c at f6afaab): normalises each channel over batch and space, then scales it; the
 * layer adds its biases. Epsilons as there: 1e-6 outside the root in forward, 1e-5 inside it in
 * backward; the variance divides by N - 1, the gradient by N.
 */
public final class BatchNormalization {
  private final Storage storage;
  private final int channels;
  private final int rowsPerImage;
  private final boolean lastStepOnly;
  private final Parameter scales;
  private final Slot rollingMean;
  private final Slot rollingVariance;

  private final float[][] means; // (steps, channels)
  private final float[][] variances;
  private final float[] meanDelta;
  private final float[] varianceDelta;
  private final float[] imageMeans; // (batch, channels)
  private final float[] imageSquares; // (batch, channels)
  private final ChannelSums sums;
  private final ChannelSums deviations;

  /** What went into the normalisation, (batch, rows, channels); empty unless in training. */
  private final float[] x;

  private final boolean recomputes;

  /**
   * A normalisation of one layer's product.
   *
   * @param owner what its tensors are called after; a layer within a recurrent one has statistics
   *     for each time step
   * @param output of the layer; where that is not kept, it holds what goes into the normalisation
   */
  BatchNormalization(Storage storage, LayerCommon owner, Shape shape, float[] output) {
    this.storage = storage;
    channels = shape.c();
    rowsPerImage = shape.h() * shape.w();
    lastStepOnly = storage.lastStepStatistics();
    scales = new Parameter(storage, owner.name(), "scales", storage.adam(), channels);
    rollingMean = storage.slot(owner.name() + ".rolling_mean", Slot.Role.STATISTIC, channels);
    rollingVariance =
        storage.slot(owner.name() + ".rolling_variance", Slot.Role.STATISTIC, channels);
    int steps = owner.part() > 0 ? storage.timeSteps() : 1;
    means = new float[steps][channels];
    variances = new float[steps][channels];
    meanDelta = new float[channels];
    varianceDelta = new float[channels];
    imageMeans = storage.trainingActivations(channels);
    imageSquares = storage.trainingActivations(channels);
    sums = new ChannelSums(channels);
    deviations = new ChannelSums(channels);
    recomputes = storage.recomputes();
    x = recomputes ? output : storage.trainingActivations(shape.count());
  }

  /** (channels), the mean of the last training batch; in a recurrent layer, of its last step. */
  public float[] mean() {
    return means[means.length - 1];
  }

  /** (channels), the variance of the last training batch. */
  public float[] variance() {
    return variances[variances.length - 1];
  }

  /** The scales. */
  Parameter scales() {
    return scales;
  }

  /** Where the layer puts what is to be normalised: x in training, else the output itself. */
  float[] source(Pass pass, float[] output) {
    return pass.training ? x : output;
  }

  /** Whether the layer's output is not kept. */
  boolean recomputes() {
    return recomputes;
  }

  /** The batch's statistics, after {@link #gather} of all images; in training. */
  void takeStatistics(Pass pass) {
    if (pass.training) {
      statistics(pass);
      roll(means[pass.step], variances[pass.step]);
    }
  }

  /** target = activation((source - mean) / deviation * scale + bias) for some images. */
  void write(
      Pass pass,
      float[] output,
      int from,
      int to,
      int biasesAt,
      Activation activation,
      float[] target,
      int at) {
    float[] block = storage.block();
    boolean own = pass.training;
    pass.kernels.normalize(
        source(pass, output),
        from * rowsPerImage * channels,
        (to - from) * rowsPerImage,
        channels,
        own ? means[pass.step] : block,
        own ? 0 : rollingMean.offset(),
        own ? variances[pass.step] : block,
        own ? 0 : rollingVariance.offset(),
        block,
        scales.at(),
        block,
        biasesAt,
        activation,
        target,
        at);
  }

  /**
   * Takes the sums of some images of {@link #source}, while they are in the cache: each image's
   * mean, and the squares of the deviations from it.
   */
  void gather(Pass pass, int from, int to) {
    for (int image = from; image < to && pass.training; image++) {
      int at = image * channels;
      int first = at * rowsPerImage;
      Arrays.fill(imageMeans, at, at + channels, 0);
      Arrays.fill(imageSquares, at, at + channels, 0);
      pass.kernels.channelSums(x, first, rowsPerImage, channels, imageMeans, at);
      pass.kernels.scale(1f / rowsPerImage, imageMeans, at, channels);
      pass.kernels.channelSquares(
          x, first, rowsPerImage, channels, imageMeans, at, imageSquares, at);
    }
  }

  /** Mean and variance of the batch from those of its images, in their order. */
  private void statistics(Pass pass) {
    // A single value has no variance; the original divides by zero there.
    double perValue = 1.0 / Math.max(1, pass.images * rowsPerImage - 1);
    int end = pass.first + pass.images;
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int image = pass.first; image < end; image++) {
        sum += imageMeans[image * channels + c];
      }
      double total = sum / pass.images;
      double squares = 0;
      for (int image = pass.first; image < end; image++) {
        double deviation = imageMeans[image * channels + c] - total;
        squares += imageSquares[image * channels + c] + rowsPerImage * deviation * deviation;
      }
      means[pass.step][c] = (float) total;
      variances[pass.step][c] = (float) (squares * perValue);
    }
  }

  private void roll(float[] mean, float[] variance) {
    float[] block = storage.block();
    for (int c = 0; c < channels; c++) {
      int m = rollingMean.offset() + c;
      int v = rollingVariance.offset() + c;
      block[m] = block[m] * .99f + .01f * mean[c];
      block[v] = block[v] * .99f + .01f * variance[c];
    }
  }

  /** Before {@link #addSums}. */
  void beginSums() {
    sums.clear();
    deviations.clear();
  }

  /** The first pass back for some images of one shard: delta back through the activation, sums. */
  void addSums(
      Pass pass, float[] y, int yAt, Activation activation, float[] delta, int from, int to) {
    addSums(pass, y, yAt, activation, delta, means[pass.step], from, to);
  }

  private void addSums(
      Pass pass,
      float[] y,
      int yAt,
      Activation activation,
      float[] delta,
      float[] mean,
      int from,
      int to) {
    pass.kernels.normalizeSums(
        activation,
        y,
        yAt,
        delta,
        x,
        from * rowsPerImage * channels,
        (to - from) * rowsPerImage,
        channels,
        mean,
        sums.partials(),
        deviations.partials(),
        sums.at(pass.shardOf(from)));
  }

  /** After the first pass back: adds to the updates of biases and scales. */
  void backwardSums(Pass pass, float[] delta, int biasUpdatesAt) {
    float[] block = storage.block();
    for (int c = 0; c < channels; c++) {
      block[biasUpdatesAt + c] += sums.total(pass.shards, c);
      block[scales.updatesAt() + c] +=
          deviations.total(pass.shards, c)
              / ((float) Math.sqrt(variances[pass.step][c]) + .000001f);
    }
    int step = stepOfDelta(pass);
    if (step != pass.step) {
      beginSums();
      pass.runBlocks(
          Integer.MAX_VALUE,
          (from, to) -> {
            int at = from * rowsPerImage * channels;
            addSums(pass, delta, at, Activation.LINEAR, delta, means[step], from, to);
          });
    }
    for (int c = 0; c < channels; c++) {
      float scale = block[scales.at() + c];
      double inRoot = variances[step][c] + .00001f;
      float sum = sums.total(pass.shards, c);
      float deviation = deviations.total(pass.shards, c);
      meanDelta[c] = (float) (-1.0 / StrictMath.sqrt(inRoot)) * (sum * scale);
      varianceDelta[c] =
          (float) (-.5 * (deviation * scale) * (1.0 / (inRoot * StrictMath.sqrt(inRoot))));
    }
  }

  private int stepOfDelta(Pass pass) {
    return lastStepOnly ? means.length - 1 : pass.step;
  }

  /** The second pass back, for some images: delta with regard to x. */
  void backwardDelta(Pass pass, float[] delta, int from, int to) {
    int step = stepOfDelta(pass);
    pass.kernels.normalizeDelta(
        x,
        delta,
        from * rowsPerImage * channels,
        (to - from) * rowsPerImage,
        channels,
        means[step],
        variances[step],
        storage.block(),
        scales.at(),
        meanDelta,
        varianceDelta,
        pass.images * rowsPerImage);
  }

  /** Scales and statistics of the first channels. */
  void transfer(WeightsCursor cursor, int count) {
    cursor.transfer(storage.block(), count, i -> scales.at() + i);
    cursor.transfer(storage.block(), count, i -> rollingMean.offset() + i);
    cursor.transfer(storage.block(), count, i -> rollingVariance.offset() + i);
  }
}
