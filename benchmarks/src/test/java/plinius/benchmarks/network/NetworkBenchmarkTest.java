package plinius.benchmarks.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.benchmarks.Main;
import plinius.darknet.cfg.Cfg;

class NetworkBenchmarkTest {
  private static final Path ROOT = Path.of(System.getProperty("plinius.root", "..")).normalize();

  private static final String SMALL =
      """
      [net]
      batch=4
      subdivisions=2
      height=8
      width=8
      channels=1
      learning_rate=0.01

      [convolutional]
      batch_normalize=1
      filters=4
      size=3
      pad=1
      activation=leaky

      [avgpool]

      [softmax]
      """;

  @TempDir private Path work;

  @Test
  void training_is_measured_with_the_batch_of_the_configuration() throws IOException {
    List<String> lines = measure("train");

    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst())
        .startsWith("{\"bench\":\"train\",\"implementation\":\"plinius\"")
        .contains("\"net\":\"small\",\"batch\":4,\"threads\":1,\"turns\":1,\"imagesPerSecond\":");
  }

  @Test
  void a_spread_is_printed_of_several_turns_only() throws IOException {
    assertThat(measure("train").getFirst()).doesNotContain("\"least\"", "\"most\"");
    assertThat(measure("train", "--turns", "3").getFirst())
        .contains("\"turns\":3,", "\"least\":", "\"most\":");
  }

  @ParameterizedTest
  @CsvSource({
    "64,--turns,0",
    "64,--turns,-3",
    "64,--threads,0",
    "65,--darknet,no-such-library.so",
  })
  void what_is_no_measurement_is_refused(int code, String option, String value) throws IOException {
    Path cfg = Files.writeString(work.resolve("small.cfg"), SMALL);

    assertThat(Main.run("bench", "train", cfg.toString(), option, value)).isEqualTo(code);
  }

  @Test
  void predictions_are_measured_with_each_batch_that_is_asked_for() throws IOException {
    List<String> lines = measure("infer", "--batch", "1,3");

    assertThat(lines).hasSize(2);
    assertThat(lines.getFirst()).contains("\"bench\":\"infer\"", "\"batch\":1,");
    assertThat(lines.getLast()).contains("\"bench\":\"infer\"", "\"batch\":3,");
  }

  private List<String> measure(String verb, String... more) throws IOException {
    Path cfg = Files.writeString(work.resolve("small.cfg"), SMALL);
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      List<String> arguments = new ArrayList<>(List.of("bench", verb, cfg.toString()));
      arguments.addAll(List.of("--seconds", "0.01", "--threads", "1", "--json"));
      arguments.addAll(List.of(more));
      if (!arguments.contains("--turns")) {
        arguments.addAll(List.of("--turns", "1"));
      }
      assertThat(Main.run(arguments.toArray(String[]::new))).isZero();
    } finally {
      System.setOut(before);
    }
    return told.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @ParameterizedTest
  @CsvSource({
    "mnist/mnist-12.cfg,784,10,17",
    "cifar/cifar.cfg,2352,10,17",
    "resnet/resnet18-64.cfg,12288,200,29",
  })
  void the_examples_that_are_measured_make_networks(String file, int inputs, int truths, int layers)
      throws IOException {
    Path cfg = ROOT.resolve("examples").resolve(file);

    Task task = new Task(Cfg.parse(Files.readString(cfg), file, Map.of()), Task.Work.TRAIN, 1);

    assertThat(task.inputs()).isEqualTo(inputs);
    assertThat(task.truths()).isEqualTo(truths);
    assertThat(task.layers()).hasSize(layers);
  }
}
