package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.layer.NamedTensor;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** Learns real digits, with the configurations that the project ships. */
final class MnistTest {
  private static final int PIXELS = 28 * 28;

  private static byte[] read(String name, int header) throws IOException {
    Path file = Path.of(System.getProperty("plinius.data", ""), "mnist", name + ".gz");
    assumeTrue(Files.exists(file), "no " + file + ": set -Dplinius.data");
    try (DataInputStream in =
        new DataInputStream(
            new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file))))) {
      in.skipNBytes(header);
      return in.readAllBytes();
    }
  }

  private static Network network(String name, Workers workers, long seed) throws IOException {
    Path file = Path.of(System.getProperty("plinius.root", ""), "examples", "mnist", name);
    return Network.build(
        Cfg.parse(Files.readString(file), name, Map.of()),
        new NetworkOptions(Kernels.best(), workers, seed, true));
  }

  private static double accuracy(Network net, int iterations, long seed, int tests)
      throws IOException {
    byte[] images = read("train-images-idx3-ubyte", 16);
    byte[] labels = read("train-labels-idx1-ubyte", 8);
    for (int i = 0; i < iterations; i++) {
      net.trainIteration(
          (position, count, input, truth) -> {
            Arrays.fill(truth, 0);
            for (int k = 0; k < count; k++) {
              int image = new Random(seed * 1_000_003 + position + k).nextInt(labels.length);
              for (int j = 0; j < PIXELS; j++) {
                input[k * PIXELS + j] = (images[image * PIXELS + j] & 0xFF) / 255f;
              }
              truth[k * 10 + labels[image]] = 1;
            }
          });
    }
    byte[] testImages = read("t10k-images-idx3-ubyte", 16);
    byte[] testLabels = read("t10k-labels-idx1-ubyte", 8);
    float[] input = new float[tests * PIXELS];
    for (int i = 0; i < input.length; i++) {
      input[i] = (testImages[i] & 0xFF) / 255f;
    }
    float[] output = net.predict(input, tests);
    int correct = 0;
    for (int i = 0; i < tests; i++) {
      int best = 0;
      for (int j = 1; j < 10; j++) {
        best = output[i * 10 + j] > output[i * 10 + best] ? j : best;
      }
      correct += best == testLabels[i] ? 1 : 0;
    }
    return (double) correct / tests;
  }

  @Test
  void the_small_network_learns_digits_in_150_iterations() throws IOException {
    try (Workers workers = new Workers(2)) {
      Network net = network("mnist-small.cfg", workers, 1);

      assertThat(accuracy(net, 150, 1, 2000)).isGreaterThan(.9);
      TestNetworks.assertFinite(net);
    }
  }

  @Test
  @Tag("long")
  void the_network_of_the_paper_reaches_its_accuracy() throws IOException {
    try (Workers workers = new Workers(2)) {
      Network net = network("mnist-12.cfg", workers, 1);

      assertThat(accuracy(net, 500, 1, 10_000)).isGreaterThanOrEqualTo(.985);
    }
  }

  @Test
  void the_network_of_the_paper_has_its_size() throws IOException {
    try (Workers workers = new Workers(2)) {
      Network net = network("mnist-12.cfg", workers, 1);
      int weights =
          net.state().stream()
              .filter(t -> t.name().endsWith(".weights"))
              .mapToInt(NamedTensor::count)
              .sum();

      assertThat(net.layers()).hasSize(17);
      assertThat(weights).isBetween(385_000, 395_000);
      assertThat(net.batch()).isEqualTo(128);
    }
  }
}
