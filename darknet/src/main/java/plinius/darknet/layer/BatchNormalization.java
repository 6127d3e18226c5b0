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

  /**
   * A normalisation of one layer's product.
   *
   * @param owner what its tensors are called after; a layer within a recurrent one has statistics
   *     for each time step
   */
  BatchNormalization(Storage storage, LayerCommon owner, Shape shape) {
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
    x = storage.trainingActivations(shape.count());
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

  /** output = activation((source - mean) / deviation * scale + bias), after {@link #gather}. */
  void forward(Pass pass, float[] output, int biasesAt, Activation activation) {
    if (pass.training) {
      statistics(pass);
      roll(means[pass.step], variances[pass.step]);
    }
    float[] block = storage.block();
    float[] from = source(pass, output);
    float[] mean = pass.training ? means[pass.step] : block;
    int meanAt = pass.training ? 0 : rollingMean.offset();
    float[] variance = pass.training ? variances[pass.step] : block;
    int varianceAt = pass.training ? 0 : rollingVariance.offset();
    pass.run(
        shard -> {
          int at = first(pass, shard);
          pass.kernels.normalize(
              from,
              at,
              rows(pass, shard),
              channels,
              mean,
              meanAt,
              variance,
              varianceAt,
              block,
              scales.at(),
              block,
              biasesAt,
              activation,
              output,
              at);
        });
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

  /**
   * The first pass back: takes delta back through the activation, and adds to the updates of biases
   * and scales.
   */
  void backwardSums(
      Pass pass, float[] output, Activation activation, float[] delta, int biasUpdatesAt) {
    sums(pass, output, activation, delta, means[pass.step]);
    float[] block = storage.block();
    for (int c = 0; c < channels; c++) {
      block[biasUpdatesAt + c] += sums.total(pass.shards, c);
      block[scales.updatesAt() + c] +=
          deviations.total(pass.shards, c)
              / ((float) Math.sqrt(variances[pass.step][c]) + .000001f);
    }
    int step = stepOfDelta(pass);
    if (step != pass.step) {
      sums(pass, output, Activation.LINEAR, delta, means[step]);
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

  private void sums(Pass pass, float[] output, Activation activation, float[] delta, float[] mean) {
    pass.run(
        shard -> {
          int at = sums.cleared(shard);
          deviations.cleared(shard);
          pass.kernels.normalizeSums(
              activation,
              output,
              delta,
              x,
              first(pass, shard),
              rows(pass, shard),
              channels,
              mean,
              sums.partials(),
              deviations.partials(),
              at);
        });
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

  private int first(Pass pass, int shard) {
    return pass.from(shard) * rowsPerImage * channels;
  }

  private int rows(Pass pass, int shard) {
    return (pass.from(shard + 1) - pass.from(shard)) * rowsPerImage;
  }

  /** Scales and statistics of the first channels. */
  void transfer(WeightsCursor cursor, int count) {
    cursor.transfer(storage.block(), count, i -> scales.at() + i);
    cursor.transfer(storage.block(), count, i -> rollingMean.offset() + i);
    cursor.transfer(storage.block(), count, i -> rollingVariance.offset() + i);
  }
}
