package plinius.darknet.layer;

import java.util.Arrays;
import plinius.kernel.Activation;

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) before the biases, as convolutional, connected
 * and batchnorm layers share it (darknet batchnorm_layer.c at f6afaab): normalises each channel
 * over batch and space, then scales it. Epsilons as there: 1e-6 outside the root in forward, 1e-5
 * inside it in backward; the variance divides by N - 1, the gradient by N.
 */
class BatchNormalization extends Biases {
  private final Parameter scales = new Parameter(site, "scales", storage.adam(), channels);
  private final NamedTensor rollingMean = rolling("mean");
  private final NamedTensor rollingVariance = rolling("variance");

  /** A layer within a recurrent one has statistics for each. */
  final int steps = site.part() > 0 ? storage.timeSteps() : 1;

  final float[][] means = new float[steps][channels]; // of the last training batch
  final float[][] variances = new float[steps][channels];
  private final float[] imageMeans = storage.trainingActivations(channels); // (batch, channels)
  private final float[] imageSquares = storage.trainingActivations(channels);
  private final ChannelSums deviations = new ChannelSums(channels);

  /** (steps, 3, channels) of {@link plinius.kernel.Kernels#normalize}. */
  private final float[][] terms = new float[steps][3 * channels];

  /** (4, channels) of {@link plinius.kernel.Kernels#normalizeDelta}. */
  private final float[] deltaTerms = new float[4 * channels];

  /** Where the layer's output is not kept, its memory holds the product. */
  private final boolean recomputes = storage.recomputes();

  /** What went into the normalisation, (batch, rows, channels); empty unless in training. */
  private final float[] x =
      recomputes ? output : storage.trainingActivations(rowsPerImage * channels);

  BatchNormalization(Layer layer, Activation activation) {
    super(layer, activation);
  }

  private NamedTensor rolling(String statistic) {
    String name = site.name() + ".rolling_" + statistic;
    return storage.slot(name, NamedTensor.Role.STATISTIC, channels);
  }

  @Override
  float[] target(Pass pass) {
    return pass.training ? x : output;
  }

  @Override
  boolean recomputes() {
    return recomputes;
  }

  /** activation((product - mean) / deviation * scale + bias). */
  @Override
  void write(Pass pass, int from, int to, float[] target, int at) {
    int first = from * rowsPerImage * channels;
    int rows = (to - from) * rowsPerImage;
    pass.kernels.normalize(
        target(pass), first, rows, channels, terms[pass.step], activation, target, at);
  }

  /** Takes each image's mean, and the squares of the deviations from it. */
  @Override
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

  /** Those of the batch in training, else those that were learnt. */
  @Override
  void takeStatistics(Pass pass) {
    if (pass.training) {
      statistics(pass);
    }
    float[] block = storage.block();
    float[] now = terms[pass.step];
    for (int c = 0; c < channels; c++) {
      float mean = pass.training ? means[pass.step][c] : block[rollingMean.offset() + c];
      float variance =
          pass.training ? variances[pass.step][c] : block[rollingVariance.offset() + c];
      now[c] = mean;
      now[channels + c] = block[scales.at() + c] / ((float) Math.sqrt(variance) + .000001f);
      now[2 * channels + c] = block[biases.at() + c];
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
      roll(rollingMean.offset() + c, means[pass.step][c]);
      roll(rollingVariance.offset() + c, variances[pass.step][c]);
    }
  }

  private void roll(int at, float statistic) {
    storage.block()[at] = storage.block()[at] * .99f + .01f * statistic;
  }

  @Override
  void beginSums() {
    sums.clear();
    deviations.clear();
  }

  @Override
  void addSums(Pass pass, int from, int to, float[] y, int yAt) {
    addSums(pass, from, to, activation, y, yAt, means[pass.step]);
  }

  final void addSums(
      Pass pass, int from, int to, Activation slope, float[] y, int yAt, float[] mean) {
    int first = from * rowsPerImage * channels;
    int rows = (to - from) * rowsPerImage;
    int at = sums.at(pass.shardOf(from));
    float[] s = sums.partials();
    float[] d = deviations.partials();
    pass.kernels.normalizeSums(slope, y, yAt, delta, x, first, rows, channels, mean, s, d, at);
  }

  @Override
  void endSums(Pass pass) {
    super.endSums(pass);
    float[] block = storage.block();
    for (int c = 0; c < channels; c++) {
      block[scales.updatesAt() + c] +=
          deviations.total(pass.shards, c)
              / ((float) Math.sqrt(variances[pass.step][c]) + .000001f);
    }
    takeDeltaTerms(pass, pass.step);
  }

  /** What {@link #foldDelta} needs of the sums, by the statistics of a step. */
  void takeDeltaTerms(Pass pass, int step) {
    int n = pass.images * rowsPerImage;
    for (int c = 0; c < channels; c++) {
      float scale = storage.block()[scales.at() + c];
      double inRoot = variances[step][c] + .00001f;
      float sum = sums.total(pass.shards, c);
      float deviation = deviations.total(pass.shards, c);
      float meanDelta = (float) (-1.0 / StrictMath.sqrt(inRoot)) * (sum * scale);
      float varianceDelta =
          (float) (-.5 * (deviation * scale) * (1.0 / (inRoot * StrictMath.sqrt(inRoot))));
      deltaTerms[c] = means[step][c];
      deltaTerms[channels + c] = scale / (float) Math.sqrt(inRoot);
      deltaTerms[2 * channels + c] = varianceDelta * 2 / n;
      deltaTerms[3 * channels + c] = meanDelta / n;
    }
  }

  @Override
  void foldDelta(Pass pass, int from, int to) {
    int first = from * rowsPerImage * channels;
    int rows = (to - from) * rowsPerImage;
    pass.kernels.normalizeDelta(x, delta, first, rows, channels, deltaTerms);
  }

  @Override
  void update(Pass pass, Step step, float learningRate) {
    super.update(pass, step, learningRate);
    scales.update(pass, step, learningRate);
  }

  @Override
  void initialise() {
    scales.fill(1);
  }
}
