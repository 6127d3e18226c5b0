package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.WeightsException;
import plinius.exchange.weights.WeightsHeader;
import plinius.exchange.weights.WeightsReader;
import plinius.exchange.weights.WeightsReader.Contents;
import plinius.exchange.weights.WeightsReader.Part;
import plinius.exchange.weights.WeightsWriter;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

final class WeightsTest {
  private static final String SMALL =
      """
      [net]
      batch=4
      height=6
      width=5
      channels=3
      [convolutional]
      batch_normalize=1
      filters=4
      size=3
      pad=1
      groups=1
      activation=leaky
      [local]
      filters=2
      size=3
      pad=1
      [connected]
      batch_normalize=1
      output=7
      [rnn]
      output=3
      [connected]
      output=2
      [softmax]
      """;

  private static Network small(long seed) {
    return ModelPool.network(Cfg.parse(SMALL, "small.cfg", Map.of()), seed);
  }

  private static List<float[]> state(Network network) {
    return network.state().stream()
        .map(t -> Arrays.copyOfRange(t.block(), t.offset(), t.offset() + t.count()))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"0,1,16", "0,2,20", "0,3,20", "1,0,20", "2000,0,16", "0,2000,16"})
  void every_version_is_read_as_it_was_written(int major, int minor, int headerBytes) {
    Network written = small(5);
    WeightsHeader header = new WeightsHeader(major, minor, 7, 123_456);

    byte[] file = WeightsWriter.write(written, 6, header);
    Network read = small(6);
    Contents contents = WeightsReader.read("my.weights", file, read);

    assertThat(contents.header()).isEqualTo(header);
    assertThat(header.bytes()).isEqualTo(headerBytes);
    assertThat(state(read)).usingRecursiveComparison().isEqualTo(state(written));
    assertThat(file)
        .hasSize(headerBytes + 4 * (int) contents.layers().stream().mapToLong(Part::values).sum());
  }

  @Test
  void a_count_that_a_version_has_no_room_for_is_refused() {
    assertThatThrownBy(() -> new WeightsHeader(0, 1, 0, 1L << 32))
        .isInstanceOf(WeightsException.BadInput.class)
        .hasMessageContaining("0.1")
        .hasMessageContaining("4294967296");
    assertThat(new WeightsHeader(0, 1, 0, (1L << 32) - 1).seen()).isPositive();
  }

  @Test
  void the_first_layers_alone_are_written_and_read() {
    Network written = small(5);
    byte[] file = WeightsWriter.write(written, 2, WeightsHeader.current(9));
    Network read = small(6);

    Contents contents = WeightsReader.read("my.weights", file, read, 2);

    assertThat(contents.layers()).extracting(Part::layer).containsExactly(0, 1);
    assertThat(contents.layers().getFirst().offset()).isEqualTo(20);
    assertThat(contents.layers().getFirst().values()).isEqualTo(4 * 4 + 4 * 27);
    List<float[]> expected = state(small(6));
    for (int i = 0; i < expected.size(); i++) {
      boolean first = Integer.parseInt(read.state().get(i).name().split("\\.", 2)[0]) < 2;
      assertThat(state(read).get(i))
          .as(read.state().get(i).name())
          .isEqualTo(first ? state(written).get(i) : expected.get(i));
    }
    assertThatThrownBy(() -> WeightsReader.read("my.weights", file, small(6)))
        .hasMessageContaining("first layers");
    assertThatThrownBy(() -> WeightsReader.read("my.weights", file, small(6), 7))
        .hasMessageContaining("6 layers");
  }

  @Test
  void values_that_are_no_numbers_are_counted() {
    byte[] file = WeightsWriter.write(small(5), 6, WeightsHeader.current(0));
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putFloat(20, Float.NaN).putFloat(24, -8);

    Part first = WeightsReader.read("my.weights", file, small(6)).layers().getFirst();

    assertThat(first.nonFinite()).isEqualTo(1);
    assertThat(first.largest()).isEqualTo(8);
  }

  @Test
  void what_a_layer_says_about_loading_and_saving_is_kept() {
    String cfg = SMALL.replace("filters=4\n", "filters=4\ndontload=1\n");
    Network spared = ModelPool.network(Cfg.parse(cfg, "small.cfg", Map.of()), 6);
    byte[] whole = WeightsWriter.write(small(5));
    Network unsaved =
        ModelPool.network(Cfg.parse(cfg.replace("dontload", "dontsave"), "small.cfg", Map.of()), 5);

    assertThatThrownBy(() -> WeightsReader.read("my.weights", whole, spared))
        .hasMessageContaining("bytes more than the network");
    byte[] rest = WeightsWriter.write(unsaved);
    WeightsReader.read("my.weights", rest, spared);
    assertThat(whole.length - rest.length).isEqualTo(4 * (4 * 4 + 4 * 27));
    assertThat(state(spared).getFirst()).isEqualTo(state(small(6)).getFirst());
    assertThat(WeightsWriter.write(spared)).isNotEqualTo(whole).hasSameSizeAs(whole);
  }

  @Test
  void a_deconvolution_is_loaded_which_the_original_cannot() {
    String deconvolution =
        """
        [net]
        height=4
        width=4
        channels=2
        [deconvolutional]
        filters=3
        size=2
        stride=2
        [cost]
        """;
    CfgFile cfg = Cfg.parse(deconvolution, "small.cfg", Map.of());
    Network written = ModelPool.network(cfg, 5);
    byte[] file = WeightsWriter.write(written);
    Network read = ModelPool.network(cfg, 6);
    WeightsReader.read("my.weights", file, read);
    assertThat(state(read)).usingRecursiveComparison().isEqualTo(state(written));
  }

  @Test
  void every_version_of_the_vectors_gives_the_same_network() throws Exception {
    JsonNode files = Vectors.table("weights_formats").get("files");
    Path table = Vectors.folder("weights_formats");
    float[] input = floats(Files.readAllBytes(table.resolve("input.f32")));
    int compared = 0;
    try (Workers workers = new Workers(1)) {
      for (Map.Entry<String, JsonNode> entry : files.properties()) {
        String name = entry.getKey();
        Network net =
            Network.build(
                Cfg.parse(
                    Files.readString(table.resolve(entry.getValue().get("cfg").asText())),
                    name,
                    Map.of()),
                new NetworkOptions(Kernels.best(), workers, 1, false));
        // dontloadscales leaves the scales at 1 and the statistics at 0, as a new network has them.
        byte[] file = Files.readAllBytes(table.resolve(name + ".weights"));
        if (name.equals("extra_trailing_bytes")) {
          assertThatThrownBy(() -> WeightsReader.read(name, file, net))
              .isInstanceOf(WeightsException.class)
              .hasMessageContaining("more than the network");
          continue;
        }
        assertThat(WeightsReader.read(name, file, net).header().seen()).isEqualTo(123456);
        float[] output = net.predict(channelsLast(input), 2);
        for (int i = 0; i < output.length; i++) {
          double expected = entry.getValue().get("output").get(i).asDouble();
          if (Double.isNaN(expected)) {
            continue; // the original's tanh of large values
          }
          assertThat((double) output[i])
              .as("%s, output %d", name, i)
              .isCloseTo(expected, offset(4e-6));
        }
        compared++;
      }
    }
    assertThat(compared).isGreaterThanOrEqualTo(7);
  }

  private static float[] floats(byte[] file) {
    float[] values = new float[file.length / 4];
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /** From (2 channels, 4, 4). */
  private static float[] channelsLast(float[] theirs) {
    float[] ours = new float[theirs.length];
    for (int i = 0; i < ours.length; i++) {
      int place = i % 32;
      ours[i / 32 * 32 + place % 16 * 2 + place / 16] = theirs[i];
    }
    return ours;
  }

  @Test
  void a_file_of_another_length_is_refused_and_named() {
    byte[] file = WeightsWriter.write(small(5));
    for (int length : new int[] {0, 15, 18, 20, 100, file.length - 4, file.length - 1}) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> WeightsReader.read("my.weights", cut, small(6)))
          .as("length %d", length)
          .isInstanceOf(WeightsException.BadInput.class)
          .hasMessageStartingWith("my.weights: ");
    }
    byte[] negative = file.clone();
    negative[3] = -1;
    assertThatThrownBy(() -> WeightsReader.read("my.weights", negative, small(6)))
        .hasMessageContaining("is it a .weights file");
  }
}
