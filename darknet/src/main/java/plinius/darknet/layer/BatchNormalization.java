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

  /** output = activation((source - mean) / deviation * scale + bias). */
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
          // Image by image, so that the second pass finds the image in the cache.
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int at = image * rowsPerImage * channels;
            pass.kernels.normalize(
                from, at, rowsPerImage, channels, means, meanAt, variances, varianceAt, output, at);
            pass.kernels.scaleAddBias(
                output,
                at,
                rowsPerImage,
                channels,
                block,
                scales.offset(),
                block,
                biasesAt,
                output,
                at);
            if (activation != Activation.LINEAR) {
              pass.kernels.activate(activation, output, at, rowsPerImage * channels);
            }
          }
        });
  }

  private void statistics(Pass pass) {
    pass.run(
        shard -> {
          int at = sums.cleared(shard);
          pass.kernels.channelSums(
              x, first(pass, shard), rows(pass, shard), channels, sums.partials(), at);
        });
    int n = pass.images * rowsPerImage;
    for (int c = 0; c < channels; c++) {
      mean[c] = sums.total(pass.shards, c) * (1f / n);
    }
    pass.run(
        shard -> {
          int at = sums.cleared(shard);
          pass.kernels.channelSquares(
              x, first(pass, shard), rows(pass, shard), channels, mean, 0, sums.partials(), at);
        });
    // A single value has no variance; the original divides by zero there.
    float perValue = n > 1 ? (float) (1.0 / (n - 1)) : 0;
    for (int c = 0; c < channels; c++) {
      variance[c] = sums.total(pass.shards, c) * perValue;
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
   * Turns delta with regard to the activated output into delta with regard to x, and adds to the
   * updates of biases and scales.
   */
  void backward(
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
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int first = image * rowsPerImage * channels;
            if (activation != Activation.LINEAR) {
              pass.kernels.gradient(
                  activation, output, first, delta, first, rowsPerImage * channels);
            }
            pass.kernels.channelSums(delta, first, rowsPerImage, channels, sums.partials(), at);
            pass.kernels.channelDeviations(
                delta, first, x, first, rowsPerImage, channels, mean, 0, deviations.partials(), at);
          }
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
    int n = pass.images * rowsPerImage;
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int at = image * rowsPerImage * channels;
            pass.kernels.scaleChannels(delta, at, rowsPerImage, channels, block, scales.offset());
            pass.kernels.normalizeDelta(
                x,
                at,
                rowsPerImage,
                channels,
                mean,
                0,
                variance,
                0,
                meanDelta,
                0,
                varianceDelta,
                0,
                n,
                delta,
                at);
          }
        });
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
