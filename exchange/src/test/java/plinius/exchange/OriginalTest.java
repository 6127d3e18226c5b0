package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Detection;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.Shape;
import plinius.exchange.cfg.LenientCfg;
import plinius.exchange.net.NetTable;
import plinius.exchange.weights.WeightsWriter;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * Debian's build of the original beside ours: the same .cfg, .weights written here, the same
 * picture, the same predictions.
 */
@Tag("original")
final class OriginalTest {
  private static final double BOUND = 1e-4;
  private static final Map<String, String> ONE = Map.of("batch", "1", "subdivisions", "1");

  @TempDir private Path folder;

  /** The file for the original, whose options cannot be overridden from outside. */
  private Path oneAtATime(String name, String text) throws IOException {
    String one =
        text.replaceAll("(?m)^\\s*(batch|subdivisions|time_steps)\\s*=.*$", "")
            .replaceFirst("(?m)^\\[net\\].*$", "[net]\nbatch=1\nsubdivisions=1\ntime_steps=1");
    return Files.writeString(folder.resolve(name), one);
  }

  private static CfgFile cfg(Path file) throws IOException {
    String name = file.getFileName().toString();
    return Cfg.parse(LenientCfg.read(Files.readString(file), name).text(), name, ONE);
  }

  /** Values of the size that trained ones have, so that no activation dies or explodes. */
  private static void fill(Network network) {
    Random random = new Random(7);
    for (NamedTensor tensor : network.state()) {
      String name = tensor.name().substring(tensor.name().lastIndexOf('.') + 1);
      double spread = Math.sqrt(3.0 * tensor.shape()[tensor.shape().length - 1] / tensor.count());
      for (int i = 0; i < tensor.count(); i++) {
        double u = random.nextDouble();
        double value =
            switch (name) {
              case "biases", "rolling_mean" -> (2 * u - 1) * .1;
              case "scales" -> 1 + (2 * u - 1) * .2;
              case "rolling_variance" -> .5 + u;
              case "weights" -> (2 * u - 1) * spread;
              default -> 0;
            };
        tensor.block()[tensor.offset() + i] = (float) value;
      }
    }
  }

  private Path weights(String name, Network network) throws IOException {
    return Files.write(folder.resolve(name + ".weights"), WeightsWriter.write(network));
  }

  private static double relative(float[] ours, float[] theirs) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < ours.length; i++) {
      difference += (ours[i] - (double) theirs[i]) * (ours[i] - (double) theirs[i]);
      size += (double) theirs[i] * theirs[i];
    }
    assertThat(size).isPositive();
    return Math.sqrt(difference / size);
  }

  /** What a softmax was taken of, but for a constant. */
  private static float[] logits(float[] probabilities) {
    double mean = 0;
    for (float p : probabilities) {
      mean += Math.log(p) / probabilities.length;
    }
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (Math.log(probabilities[i]) - mean);
    }
    return logits;
  }

  private static float[] ours(float[] theirs, Shape shape) {
    float[] ours = new float[theirs.length];
    for (int i = 0; i < theirs.length; i++) {
      ours[shape.place(i)] = theirs[i];
    }
    return ours;
  }

  private static Network build(CfgFile cfg, Workers workers) {
    return Network.build(cfg, new NetworkOptions(Kernels.best(), workers, 1, false));
  }

  private static void say(String name, double relative) {
    System.out.printf(Locale.ROOT, "%s: relative L2 of the outputs %.2g%n", name, relative);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cifar.cfg", "darknet19.cfg", "resnet18.cfg", "yolov3-tiny.cfg"})
  void a_picture_gets_the_same_predictions(String name) throws IOException {
    Path file = oneAtATime(name, Files.readString(DebianConfigurations.file(name)));
    Path dog = DebianConfigurations.file("../data/dog.jpg");
    try (Workers workers = new Workers(2)) {
      Network network = build(cfg(file), workers);
      fill(network);
      Original original = Original.load(file, weights(name, network));
      Shape in = new Shape(network.height(), network.width(), network.channels(), true);
      float[] picture = Original.picture(dog, in.w(), in.h());

      Shape out =
          network.layers().reversed().stream()
              .filter(layer -> !layer.section().type().equals("cost"))
              .findFirst()
              .orElseThrow()
              .out();
      float[] theirs = ours(original.predict(picture, out.count()), out);
      float[] ours = network.predict(ours(picture, in), 1);

      double relative = relative(ours, theirs);
      say(name, relative);
      assertThat(relative).isLessThan(BOUND);
      if (!name.startsWith("yolo")) { // nearly equal probabilities hide what went into them
        assertThat(relative(logits(ours), logits(theirs))).isLessThan(BOUND);
      }
      if (name.startsWith("yolo")) {
        compareBoxes(network, original);
      }
    }
  }

  private static void compareBoxes(Network network, Original original) {
    List<Original.Found> theirs = original.boxes(768, 576, .6f);
    List<Detection> ours = network.detections(0, 768, 576, .6f, .5f);

    assertThat(ours).hasSameSizeAs(theirs).isNotEmpty();
    for (int i = 0; i < ours.size(); i++) {
      assertThat(ours.get(i).objectness())
          .isCloseTo(theirs.get(i).objectness(), offset((float) BOUND));
      assertThat(ours.get(i).box().x()).isCloseTo(theirs.get(i).x(), offset((float) BOUND));
      assertThat(ours.get(i).box().h())
          .isCloseTo(theirs.get(i).h(), offset((float) BOUND * Math.abs(theirs.get(i).h())));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rnn.cfg", "gru.cfg"})
  void a_text_gets_the_same_next_characters(String name) throws IOException {
    Path file = oneAtATime(name, Files.readString(DebianConfigurations.file(name)));
    byte[] text = "Call me Ishmael.".getBytes(StandardCharsets.US_ASCII);
    try (Workers workers = new Workers(2)) {
      Network network = build(cfg(file), workers);
      fill(network);
      Original original = Original.load(file, weights(name, network));
      double worst = 0;
      for (byte character : text) {
        float[] input = new float[network.inputs()];
        input[character] = 1;
        float[] theirs = original.predict(input, network.outputs());
        worst = Math.max(worst, relative(network.predict(input, 1), theirs));
      }
      say(name, worst);
      assertThat(worst).isLessThan(BOUND);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"cifar.cfg", "darknet19.cfg", "resnext50.cfg", "yolov3-tiny.cfg", "gru.cfg"})
  void its_own_table_counts_the_same_operations(String name) throws Exception {
    Path file = oneAtATime(name, Files.readString(DebianConfigurations.file(name)));
    Path said = folder.resolve("said");
    int code =
        new ProcessBuilder("darknet", "ops", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start()
            .waitFor();
    assertThat(code).isZero();
    NetTable table = NetTable.of(cfg(file), 1, DebianConfigurations::named);

    String words = Files.readString(said);
    Matcher total = Pattern.compile("Operations: (\\d+)\n").matcher(words);
    assertThat(total.find()).as(words).isTrue();
    assertThat(table.operations()).isEqualTo(Long.parseLong(total.group(1)));
    // "    0 conv     64  7 x 7 / 2   256 x 256 x   3   ->   128 x 128 x  64  0.308 BFLOPs"
    Matcher line =
        Pattern.compile(
                " *(\\d+) conv +(\\d+) +(\\d+) x *(\\d+) */ *(\\d+) +(\\d+) x *(\\d+) x *(\\d+) +->"
                    + " +(\\d+) x *(\\d+) x *(\\d+) +([0-9.]+) BFLOPs")
            .matcher(words);
    int lines = 0;
    while (line.find()) {
      var row = table.layers().get(Integer.parseInt(line.group(1)));
      assertThat(row.filters()).isEqualTo(Integer.parseInt(line.group(2)));
      assertThat(row.size())
          .startsWith(line.group(3) + " x " + line.group(4) + " / " + line.group(5));
      assertThat(List.of(row.in().w(), row.in().h(), row.in().c()))
          .containsExactly(number(line, 6), number(line, 7), number(line, 8));
      assertThat(List.of(row.out().w(), row.out().h(), row.out().c()))
          .containsExactly(number(line, 9), number(line, 10), number(line, 11));
      lines++;
    }
    long convolutions =
        table.layers().stream().filter(row -> row.type().equals("convolutional")).count();
    assertThat(lines).isEqualTo((int) convolutions);
  }

  private static int number(Matcher line, int group) {
    return Integer.parseInt(line.group(group));
  }

  @Test
  void the_first_layers_of_a_file_are_loaded_by_the_original_too() throws IOException {
    Path file = oneAtATime("cifar.cfg", Files.readString(DebianConfigurations.file("cifar.cfg")));
    String head = Files.readString(file);
    String features = head.substring(0, head.indexOf("[dropout]"));
    Path shorter = Files.writeString(folder.resolve("features.cfg"), features);
    try (Workers workers = new Workers(1)) {
      Network whole = build(cfg(file), workers);
      fill(whole);
      int layers = cfg(shorter).layers().size();
      byte[] part =
          WeightsWriter.write(
              whole, layers, plinius.exchange.weights.WeightsHeader.current(whole.seen()));
      Network ours = build(cfg(shorter), workers);
      ours.takeOver(whole);
      Original original = Original.load(shorter, Files.write(folder.resolve("part.weights"), part));
      Shape in = new Shape(ours.height(), ours.width(), ours.channels(), true);
      float[] picture =
          Original.picture(DebianConfigurations.file("../data/dog.jpg"), in.w(), in.h());
      Shape out = ours.layers().getLast().out();

      assertThat(
              relative(
                  ours.predict(ours(picture, in), 1),
                  ours(original.predict(picture, out.count()), out)))
          .isLessThan(BOUND);
    }
  }
}
