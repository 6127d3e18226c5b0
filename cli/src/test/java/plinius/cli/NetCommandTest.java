package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NetCommandTest {
  private static final String SLOPPY =
      """
      [net]
      batch=128 # images
      height=14
      width=14
      channels=32
      seen=0
      [convolutional]
      filters=64
      size=3
      pad=1
      activation=leaky
      [maxpool]
      size=2
      stride=2
      [connected]
      output=10
      activation=linear
      [softmax]
      """;

  @TempDir private Path folder;

  private Path file(String text) throws Exception {
    return Files.writeString(folder.resolve("my.cfg"), text);
  }

  @Test
  void the_table_counts_operations_parameters_and_memory() throws Exception {
    Said said = Said.run("net", file(SLOPPY), "--lenient", "--json", "--plan");

    assertThat(said.code()).as(said.err()).isZero();
    JsonNode net = new ObjectMapper().readTree(said.out());
    JsonNode conv = net.get("layers").get(0);
    assertThat(net.get("batch").asInt()).isEqualTo(128);
    assertThat(conv.get("operations").asLong()).isEqualTo(2L * 9 * 32 * 64 * 14 * 14);
    assertThat(conv.get("parameters").asLong()).isEqualTo(9 * 32 * 64 + 64);
    assertThat(conv.get("kernels").get(0).asText()).startsWith("Winograd F(4x4,3x3): 4 x 4 tiles");
    assertThat(net.get("parameters").asLong()).isEqualTo(9 * 32 * 64 + 64 + 7 * 7 * 64 * 10 + 10);
    assertThat(net.get("weightsFileBytes").asLong())
        .isEqualTo(20 + 4 * net.get("parameters").asLong());
    JsonNode memory = net.get("memory");
    assertThat(memory.get("parameters").asLong()).isEqualTo(4 * net.get("parameters").asLong());
    assertThat(memory.get("gradients").asLong()).isEqualTo(memory.get("parameters").asLong());
    // Outputs and deltas of the convolution alone are more than this.
    assertThat(memory.get("activations").asLong()).isGreaterThan(2L * 4 * 128 * 14 * 14 * 64);
    assertThat(net.get("warnings")).hasSize(2);
    assertThat(net.get("trainable").asBoolean()).isTrue();
  }

  @Test
  void without_leniency_the_first_deviation_is_refused_with_its_place() throws Exception {
    Said said = Said.run("net", file(SLOPPY));

    assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err()).contains("my.cfg:2: ").contains("A comment needs a line of its own");
  }

  @Test
  void people_get_a_line_for_each_layer_and_the_warnings_apart() throws Exception {
    Said said = Said.run("net", file(SLOPPY), "--lenient", "--batch", "1");

    assertThat(said.code()).isZero();
    assertThat(said.out().lines().filter(l -> l.contains(" -> "))).hasSize(4);
    assertThat(said.out()).contains("to train 1 at a time").doesNotContain("seen");
    assertThat(said.err()).contains("my.cfg:6: unknown key 'seen' in [net] is ignored");
  }

  @Test
  void files_in_other_encodings_are_refused_or_taken_for_their_keys() throws Exception {
    Path file = folder.resolve("latin.cfg");
    Files.writeString(file, "# \u00fc\n[net]\ninputs=3\n[softmax]\n", StandardCharsets.ISO_8859_1);

    assertThat(Said.run("net", file).code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(Said.run("net", file).err()).contains("UTF-8");
    assertThat(Said.run("net", file, "--lenient").code()).isZero();
    assertThat(Said.run("net", folder.resolve("none.cfg")).code())
        .isEqualTo(ExitCode.BAD_INPUT.code());
  }

  @Test
  void a_network_without_a_cost_is_shown_and_said_not_to_be_trainable() throws Exception {
    Said said = Said.run("net", file(SLOPPY.replace("[softmax]\n", "")), "--lenient", "--json");

    JsonNode net = new ObjectMapper().readTree(said.out());
    assertThat(net.get("trainable").asBoolean()).isFalse();
    assertThat(net.get("untrainable").asText()).contains("my.cfg:15").contains("no layer owns");
  }

  @Test
  void training_that_plans_more_memory_than_allowed_is_refused_with_numbers_before_it_starts()
      throws Exception {
    Path cfg =
        Files.writeString(
            folder.resolve("wide.cfg"), SLOPPY.replace(" # images", "").replace("seen=0\n", ""));
    Path pm = folder.resolve("pm");

    Said said =
        Said.run("train", cfg, "--data", "none", "--key", "none", "--pm", pm, "--memory", "12M");

    assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err()).contains("wide.cfg plans", "activations", "--memory allows 12.0");
    String divided = said.err().replaceAll("(?s).*(--set subdivisions=[0-9]+),.*", "$1");
    String[] set = divided.split(" ");
    assertThat(set).hasSize(2);
    // What it proposes passes this check; then something else is missed.
    Said smaller =
        Said.run(
            "train",
            cfg,
            set[0],
            set[1],
            "--data",
            "none",
            "--key",
            "none",
            "--pm",
            pm,
            "--memory",
            "12M");
    assertThat(smaller.code()).isNotZero();
    assertThat(smaller.err()).isNotEmpty().doesNotContain("plans");
    assertThat(pm).doesNotExist();
  }
}
