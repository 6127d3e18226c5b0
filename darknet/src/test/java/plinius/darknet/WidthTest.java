package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.ScalarKernels;

/** A job may move to another processor: its state has the same bits at every vector width. */
class WidthTest {
  private static final int ITERATIONS = 20;

  /**
   * Small, with what each kind of layer does by rows of channels: convolutions by Winograd's
   * transforms and without, with strides and in groups, and counts that leave lanes empty at every
   * width.
   */
  private static final String CFG =
      """
      [net]
      batch=2
      time_steps=3
      height=11
      width=14
      channels=3
      learning_rate=0.05
      momentum=0.9
      decay=0.0005

      [convolutional]
      batch_normalize=1
      filters=32
      size=3
      stride=1
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=32
      size=3
      stride=1
      pad=1
      activation=leaky

      [maxpool]
      size=2
      stride=2

      [convolutional]
      filters=64
      size=3
      stride=1
      pad=1
      activation=relu

      [convolutional]
      batch_normalize=1
      filters=36
      size=3
      stride=2
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=40
      groups=2
      size=3
      stride=1
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=10
      size=1
      stride=1
      activation=linear

      [connected]
      batch_normalize=1
      output=37
      activation=leaky

      [gru]
      output=21
      tanh=1

      [lstm]
      output=19

      [rnn]
      output=18
      activation=tanh

      [connected]
      output=10
      activation=linear

      [softmax]
      """;

  /** Trains and prints a digest of the state; argument: scalar or vector. */
  static final class Training {
    private Training() {}

    public static void main(String[] arguments) {
      boolean scalar = arguments[0].equals("scalar");
      Kernels kernels = scalar ? new ScalarKernels() : Kernels.best();
      System.out.println(kernels.name() + " " + state(kernels));
    }
  }

  private static long state(Kernels kernels) {
    CfgFile cfg = Cfg.parse(CFG, "width.cfg", Map.of());
    CounterRandom random = new CounterRandom(5);
    try (Workers workers = new Workers(2)) {
      Network network = Network.build(cfg, new NetworkOptions(kernels, workers, 1, true));
      for (int i = 0; i < ITERATIONS; i++) {
        network.trainIteration(
            (position, images, input, truth) -> {
              for (int j = 0; j < input.length; j++) {
                input[j] = random.uniform(1, position, j);
              }
              for (int j = 0; j < truth.length; j++) {
                truth[j] = j % 10 == j / 10 % 10 ? 1 : 0;
              }
            });
      }
      assertThat(network.plan()).contains("WINOGRAD");
      TestNetworks.assertFinite(network);
      CRC32 digest = new CRC32();
      for (float value : network.state().getFirst().block()) {
        int bits = Float.floatToRawIntBits(value);
        for (int shift = 0; shift < 32; shift += 8) {
          digest.update(bits >>> shift);
        }
      }
      return digest.getValue();
    }
  }

  @Test
  void scalar_code_trains_to_the_bits_of_the_vectors_here() {
    assertThat(state(Kernels.best())).isEqualTo(state(new ScalarKernels()));
  }

  @ParameterizedTest
  @CsvSource({
    "16, -XX:+TieredCompilation",
    "32, -XX:+TieredCompilation",
    "64, -XX:TieredStopAtLevel=1",
    "64, -Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
  })
  void every_width_that_the_processor_has_trains_to_the_same_bits(int bytes, String options)
      throws Exception {
    String line = child("-XX:MaxVectorSize=" + bytes + " " + options);

    int bits = 8 * Math.min(bytes, Float.BYTES * Kernels.best().lanes());
    assertThat(line).isEqualTo("vector (%d bits) %d".formatted(bits, state(Kernels.best())));
  }

  private static String child(String options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of(options.split(" ", -1)));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Training.class.getName(), "vector"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
