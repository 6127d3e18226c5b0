package plinius.darknet.layer;

import java.util.Arrays;
import plinius.darknet.weights.WeightsSource;
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
  private final Slot scales;
  private final Slot rollingMean;
  private final Slot rollingVariance;

  private final float[] mean;
  private final float[] variance;
  private final float[] meanDelta;
  private final float[] varianceDelta;
  private final float[] imageMeans; // (batch, channels)
  private final float[] imageSquares; // (batch, channels)
  private final ChannelSums sums;
  private final ChannelSums deviations;

  /** What went into the normalisation, (batch, rows, channels); empty unless in training. */
  private final float[] x;

  BatchNormalization(Storage storage, int layer, String type, Shape shape) {
    this.storage = storage;
    channels = shape.c();
    rowsPerImage = shape.h() * shape.w();
    scales = storage.slot(layer, type, "scales", Slot.Role.PARAMETER, channels);
    rollingMean = storage.slot(layer, type, "rolling_mean", Slot.Role.STATISTIC, channels);
    rollingVariance = storage.slot(layer, type, "rolling_variance", Slot.Role.STATISTIC, channels);
    mean = new float[channels];
    variance = new float[channels];
    meanDelta = new float[channels];
    varianceDelta = new float[channels];
    imageMeans = storage.trainingActivations(channels);
    imageSquares = storage.trainingActivations(channels);
    sums = new ChannelSums(channels);
    deviations = new ChannelSums(channels);
    x = storage.trainingActivations(shape.count());
  }

  /** (channels), the mean of the last training batch. */
  public float[] mean() {
    return mean;
  }

  /** (channels), the variance of the last training batch. */
  public float[] variance() {
    return variance;
  }

  /** The scales' place in the block. */
  public Slot scales() {
    return scales;
  }

  /** The rolling mean's place in the block. */
  public Slot rollingMean() {
    return rollingMean;
  }

  /** The rolling variance's place in the block. */
  public Slot rollingVariance() {
    return rollingVariance;
  }

  /** Where the layer puts what is to be normalised: x in training, else the output itself. */
  float[] source(Pass pass, float[] output) {
    return pass.training ? x : output;
  }

  /** output = activation((source - mean) / deviation * scale + bias), after {@link #gather}. */
  void forward(Pass pass, float[] output, int biasesAt, Activation activation) {
    if (pass.training) {
      statistics(pass);
      roll();
    }
    float[] block = storage.block();
    float[] from = source(pass, output);
    float[] means = pass.training ? mean : block;
    int meanAt = pass.training ? 0 : rollingMean.offset();
    float[] variances = pass.training ? variance : block;
    int varianceAt = pass.training ? 0 : rollingVariance.offset();
    pass.run(
        shard -> {
          int at = first(pass, shard);
          pass.kernels.normalize(
              from,
              at,
              rows(pass, shard),
              channels,
              means,
              meanAt,
              variances,
              varianceAt,
              block,
              scales.offset(),
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
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int image = 0; image < pass.images; image++) {
        sum += imageMeans[image * channels + c];
      }
      double total = sum / pass.images;
      double squares = 0;
      for (int image = 0; image < pass.images; image++) {
        double deviation = imageMeans[image * channels + c] - total;
        squares += imageSquares[image * channels + c] + rowsPerImage * deviation * deviation;
      }
      mean[c] = (float) total;
      variance[c] = (float) (squares * perValue);
    }
  }

  private void roll() {
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
      Pass pass,
      float[] output,
      Activation activation,
      float[] delta,
      int biasUpdatesAt,
      int scaleUpdatesAt) {
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
    float[] block = storage.block();
    for (int c = 0; c < channels; c++) {
      float sum = sums.total(pass.shards, c);
      float deviation = deviations.total(pass.shards, c);
      float scale = block[scales.offset() + c];
      block[biasUpdatesAt + c] += sum;
      block[scaleUpdatesAt + c] += deviation / ((float) Math.sqrt(variance[c]) + .000001f);
      double inRoot = variance[c] + .00001f;
      meanDelta[c] = (float) (-1.0 / StrictMath.sqrt(inRoot)) * (sum * scale);
      varianceDelta[c] =
          (float) (-.5 * (deviation * scale) * (1.0 / (inRoot * StrictMath.sqrt(inRoot))));
    }
  }

  /** The second pass back, for some images: delta with regard to x. */
  void backwardDelta(Pass pass, float[] delta, int from, int to) {
    pass.kernels.normalizeDelta(
        x,
        delta,
        from * rowsPerImage * channels,
        (to - from) * rowsPerImage,
        channels,
        mean,
        variance,
        storage.block(),
        scales.offset(),
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

  void initialise() {
    Arrays.fill(storage.block(), scales.offset(), scales.offset() + channels, 1);
  }

  void load(WeightsSource source, int count) {
    source.read(storage.block(), scales.offset(), count);
    source.read(storage.block(), rollingMean.offset(), count);
    source.read(storage.block(), rollingVariance.offset(), count);
  }
}
