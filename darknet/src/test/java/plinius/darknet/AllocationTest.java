package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * A training iteration makes no garbage to speak of: neither arrays of activations, nor what the
 * kernels need for their loops, nor vectors that the compiler did not keep in registers, of which
 * there would be gigabytes.
 */
class AllocationTest {
  /**
   * Some 120 objects of 64 bytes: the pass, the optimizer's step, numbers read out of the
   * configuration, and what layers hand to the workers, one or two for each. An object more for
   * each product of a convolution would be 5 KB.
   */
  private static final long FEW = 10 << 10;

  /** The compiler is done by then, also with what it compiles again. */
  private static final int ITERATIONS = 200;

  /** Of these the least counts: what is compiled once more allocates while it waits. */
  private static final int LAST = 10;

  private static final String CONVOLUTION =
      """
      [convolutional]
      batch_normalize=1
      filters=%d
      size=3
      stride=1
      pad=1
      activation=leaky

      """;

  private static final String POOL = "[maxpool]\nsize=2\nstride=2\n\n";

  /** mnist-12 with two of its nine convolutions of 64 filters, and another batch. */
  private static final String CFG =
      """
      [net]
      batch=16
      height=28
      width=28
      channels=1
      learning_rate=0.01
      momentum=0.9
      decay=0.0005

      """
          + CONVOLUTION.formatted(32)
          + POOL
          + CONVOLUTION.formatted(64)
          + CONVOLUTION.formatted(64)
          + POOL
          + CONVOLUTION.formatted(128)
          + """
          [dropout]
          probability=0.5

          [convolutional]
          filters=10
          size=1
          stride=1
          pad=1
          activation=leaky

          [avgpool]

          [softmax]
          """;

  /**
   * Trains, and prints how many bytes one of the last iterations allocated. With one thread: those
   * that wait for each other make what they wait in.
   */
  static final class Training {
    private Training() {}

    public static void main(String[] arguments) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      try (Workers workers = new Workers(1)) {
        NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, true);
        Network network = Network.build(Cfg.parse(CFG, "allocation.cfg", Map.of()), options);
        long least = Long.MAX_VALUE;
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
          long before = threads.getTotalThreadAllocatedBytes();
          network.trainIteration(
              (position, images, input, truth) -> {
                for (int i = 0; i < input.length; i++) {
                  input[i] = (i + position) * 7919L % 1000 / 1000f;
                }
                for (int i = 0; i < truth.length; i++) {
                  truth[i] = i % 10 == i / 10 % 10 ? 1 : 0;
                }
              });
          if (iteration >= ITERATIONS - LAST) {
            least = Math.min(least, threads.getTotalThreadAllocatedBytes() - before);
          }
        }
        System.out.println(options.kernels().name() + ": " + least);
      }
    }
  }

  @Test
  void iterations_allocate_little_once_they_are_compiled() throws Exception {
    String line = trained();

    assertThat(line).startsWith("vector");
    assertThat(Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .as(line)
        .isLessThanOrEqualTo(FEW);
  }

  /** In a virtual machine with the options of the image. */
  private static String trained() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseParallelGC"));
    command.add("@" + System.getProperty("plinius.root", "..") + "/build/kernels.args");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Training.class.getName());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
