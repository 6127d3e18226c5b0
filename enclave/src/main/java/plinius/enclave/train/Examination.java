package plinius.enclave.train;

import java.util.Arrays;
import java.util.function.Supplier;
import plinius.boundary.EnclaveMessage.Metric;
import plinius.boundary.EnclaveMessage.Score;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataKind;
import plinius.dataset.Label;
import plinius.enclave.pmdata.Fitting;
import plinius.enclave.pmdata.PmData;
import plinius.enclave.pmdata.Text;

/**
 * How well a network does on a data set: its one number. Changes no state of the network.
 *
 * @param data closed with it
 * @param score computes it anew, over the whole set in its own order
 */
public record Examination(PmData data, Supplier<Score> score) implements AutoCloseable {
  /** As detector.c validate_detector has them. */
  private static final float THRESHOLD = .005f;

  private static final float OVERLAP = .45f;

  /**
   * The examination for a kind of data.
   *
   * @throws plinius.enclave.EnclaveException.BadInput if the data does not fit the network
   */
  public static Examination of(PmData data, CfgFile cfg, Network network) {
    if (data.kind().data() == DataKind.TEXT) {
      Text text = new Text(data, network);
      int steps = cfg.net().integer("time_steps");
      return new Examination(data, () -> ofText(text, network, steps));
    }
    Fitting fitting = new Fitting(data, cfg, network);
    return data.kind().data() == DataKind.SCENES
        ? new Examination(data, () -> ofScenes(fitting))
        : new Examination(data, () -> ofSamples(fitting));
  }

  @Override
  public void close() {
    data.close();
  }

  /** Accuracy of classes, or the mean squared error of targets. */
  private static Score ofSamples(Fitting fitting) {
    PmData data = fitting.data();
    int count = fitting.network().outputs();
    double[] sum = new double[1];
    fitting.predict(
        (labels, outputs) -> {
          for (int i = 0; i < labels.size(); i++) {
            sum[0] += judge(labels.get(i), outputs, i * count, count);
          }
        });
    long samples = data.count();
    return data.kind().data() == DataKind.REGRESSION
        ? new Score(Metric.MEAN_SQUARED_ERROR, samples, 0, sum[0] / samples / data.kind().slots())
        : new Score(Metric.ACCURACY, samples, (long) sum[0], sum[0] / samples);
  }

  /** Of one sample: 1 if its class is told, else 0; or the sum of its squared errors. */
  private static double judge(Label label, float[] outputs, int at, int count) {
    return switch (label) {
      case Label.Category category -> largest(outputs, at, count) == category.number() ? 1 : 0;
      case Label.Targets targets -> squares(outputs, at, targets.values());
      case Label.Boxes _, Label.Length _ ->
          throw new IllegalStateException("no label of a sample with an answer");
    };
  }

  /** Index of the largest value; the first of equals. */
  private static int largest(float[] values, int at, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (values[at + i] > values[at + best]) {
        best = i;
      }
    }
    return best;
  }

  private static double squares(float[] values, int at, float[] targets) {
    double sum = 0;
    for (int i = 0; i < targets.length; i++) {
      double difference = values[at + i] - targets[i];
      sum += difference * difference;
    }
    return sum;
  }

  /** How precise the finds in scenes are. */
  private static Score ofScenes(Fitting fitting) {
    PmData data = fitting.data();
    AveragePrecision precision = new AveragePrecision(data.kind().classes());
    Scenes.each(fitting, THRESHOLD, OVERLAP, (truth, found) -> precision.add(truth.boxes(), found));
    return new Score(Metric.MEAN_AVERAGE_PRECISION, data.count(), 0, precision.mean());
  }

  /** Bits for each character but the first. */
  private static Score ofText(Text text, Network network, int steps) {
    int rows = network.subBatch();
    int streams = rows / steps;
    int characters = network.inputs();
    network.forget();
    // Each stream has a stretch of the text for itself; what does not fill a batch is left out.
    long stretch = Math.max(1, text.length() / streams / steps) * steps;
    float[] input = new float[rows * characters];
    byte[] piece = new byte[steps + 1];
    double nats = 0;
    long counted = 0;
    for (long at = 0; at < stretch; at += steps) {
      Arrays.fill(input, 0);
      int[] next = new int[rows];
      for (int stream = 0; stream < streams; stream++) {
        text.copy(stream * stretch + at, piece);
        for (int step = 0; step < steps; step++) {
          int row = step * streams + stream;
          input[row * characters + (piece[step] & 0xff)] = 1;
          next[row] = piece[step + 1] & 0xff;
        }
      }
      float[] predicted = network.predict(input, rows);
      for (int row = 0; row < rows; row++) {
        nats -= StrictMath.log(Math.max(predicted[row * characters + next[row]], 1e-30f));
        counted++;
      }
    }
    return new Score(Metric.BITS_PER_CHARACTER, counted, 0, nats / counted / StrictMath.log(2));
  }
}
