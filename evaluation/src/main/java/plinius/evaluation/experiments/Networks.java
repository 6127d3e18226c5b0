package plinius.evaluation.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The configurations of the experiments. */
public final class Networks {
  private Networks() {}

  /** The layers below are the paper's: convolutions with batch normalization and leaky ReLU. */
  private static String net(int batch, int iterations, double learningRate) {
    return String.format(
        Locale.ROOT,
        """
        [net]
        batch=%d
        subdivisions=1
        height=28
        width=28
        channels=1
        learning_rate=%s
        momentum=0.9
        decay=0.0005
        policy=poly
        power=4
        max_batches=%d

        """,
        batch,
        learningRate,
        iterations);
  }

  private static String convolution(int filters) {
    return """
    [convolutional]
    batch_normalize=1
    filters=%d
    size=3
    stride=1
    pad=1
    activation=leaky

    """
        .formatted(filters);
  }

  private static final String POOL =
      """
      [maxpool]
      size=2
      stride=2

      """;

  private static final String ENDING =
      """
      [convolutional]
      filters=10
      size=1
      stride=1
      pad=1
      activation=leaky

      [avgpool]

      [softmax]
      groups=1
      """;

  /**
   * Five convolutions, as the paper's experiments on batches and crashes have them.
   *
   * @param filters of the first; the others have twice as many
   */
  public static String five(int batch, int iterations, int filters) {
    return net(batch, iterations, 0.1)
        + convolution(filters)
        + POOL
        + convolution(2 * filters)
        + convolution(2 * filters)
        + POOL
        + convolution(2 * filters)
        + ENDING;
  }

  /** Writes a configuration. */
  static Path write(Path file, String cfg) {
    try {
      return Files.writeString(file, cfg);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Twelve convolutions, as examples/mnist/mnist-12.cfg has them. */
  public static String twelve(int batch, int iterations, int filters) {
    StringBuilder cfg = new StringBuilder(net(batch, iterations, 0.1));
    cfg.append(convolution(filters)).append(POOL);
    for (int i = 0; i < 9; i++) {
      cfg.append(convolution(2 * filters));
    }
    return cfg.append(POOL)
        .append(convolution(4 * filters))
        .append("[dropout]\nprobability=0.5\n\n")
        .append(ENDING)
        .toString();
  }
}
