package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import plinius.darknet.GoldenCase.Recorded;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.data.Glibc;
import plinius.darknet.data.ImageTable;
import plinius.darknet.layer.OriginalLayers;
import plinius.darknet.layer.Quirk;
import plinius.darknet.layer.ShapesOnly;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;
import plinius.kernel.Draws;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/**
 * The vectors' tables, each a test of its own name: learning rates, activations, random numbers,
 * trees, images, initial weights, .weights and .cfg. A table is known by what it holds.
 */
final class TablesTest {
  private static final Path DARKNET =
      Path.of(System.getProperty("plinius.darknet", "/usr/share/darknet"));

  @TestFactory
  Stream<DynamicTest> tables_of_the_original() {
    return GoldenCase.directories()
        .map(GoldenCase::read)
        .filter(c -> !c.manifest.has("origin"))
        .map(c -> dynamicTest(c.name(), () -> compare(c)));
  }

  private static void compare(GoldenCase table) throws IOException {
    JsonNode manifest = table.manifest;
    if (manifest.has("policies")) {
      learningRates(manifest);
    } else if (manifest.has("cases")) {
      grammar(manifest);
    } else if (manifest.has("files")) {
      weights(table);
    } else if (manifest.has("cfgs")) {
      shapes(manifest);
    } else if (manifest.has("rand")) {
      randomNumbers(table);
    } else if (has(table, "activate.")) {
      activations(table);
    } else if (has(table, "hierarchy_")) {
      tree(table);
    } else if (has(table, "init.weights.")) {
      initialWeights(table);
    } else if (has(table, "src")) {
      ImageTable.compareWith(table.directory);
    } else {
      abort("nothing here knows a table of " + table.tensors.keySet());
    }
  }

  private static boolean has(GoldenCase table, String prefix) {
    return table.tensors.keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  private static void learningRates(JsonNode manifest) {
    for (JsonNode policy : manifest.get("policies")) {
      String name = policy.get("name").asText();
      Glibc glibc = new Glibc(1);
      Map<Long, Float> drawn = new TreeMap<>();
      Draws draws =
          (purpose, iteration, index) -> drawn.computeIfAbsent(iteration, i -> glibc.uniform());
      LearningRate rate;
      try {
        CfgFile cfg = Cfg.parse(policy.get("cfg").asText(), name, Map.of());
        rate = new LearningRate(cfg.net(), draws);
      } catch (CfgException e) {
        assertThat(e).hasMessageContaining("policy"); // the original takes it for constant
        continue;
      }
      for (JsonNode entry : policy.get("rates")) {
        float expected = (float) GoldenCase.number(entry.get(1));
        if (Float.isFinite(expected)) {
          assertThat(OriginalRate.at(rate, entry.get(0).asLong(), EnumSet.allOf(Quirk.class)))
              .as("%s after %s", name, entry.get(0))
              .isCloseTo(expected, offset(Math.ulp(expected)));
        }
      }
    }
  }

  private static void activations(GoldenCase table) {
    float[] x = table.tensors.get("x").values();
    for (Activation activation : Activation.values()) {
      String name = activation.name().toLowerCase(Locale.ROOT);
      Recorded outputs = table.tensors.get("activate." + name);
      Recorded slopes = table.tensors.get("gradient_of_output." + name);
      for (int i = 0; i < x.length; i++) {
        float expected = outputs.values()[i];
        if (Float.isFinite(expected)) { // the original's tanh of large values is not
          close(activation + " of " + x[i], activation.apply(x[i]), expected);
          close(activation + "' at " + x[i], activation.gradient(expected), slopes.values()[i]);
        }
      }
    }
  }

  private static void close(String what, float actual, float expected) {
    assertThat(actual).as(what).isCloseTo(expected, offset(4e-6f * Math.abs(expected) + 1e-7f));
  }

  /** Ours are drawn by counter; the original's serve to compare what is made of them. */
  private static void randomNumbers(GoldenCase table) {
    table
        .manifest
        .get("rand")
        .properties()
        .forEach(
            seed -> {
              Glibc glibc = new Glibc(Integer.parseInt(seed.getKey()));
              seed.getValue().forEach(word -> assertThat(glibc.rand()).isEqualTo(word.asInt()));
            });
    Glibc unit = new Glibc(1);
    same(table, "rand_uniform(0,1).seed1", unit::uniform);
    Glibc both = new Glibc(1);
    same(table, "rand_uniform(-1,1).seed1", () -> both.between(-1, 1));
    Glibc factor = new Glibc(1);
    same(table, "rand_scale(1.5).seed1", () -> factor.scale(1.5f));
  }

  private interface Drawn {
    float next();
  }

  private static void same(GoldenCase table, String name, Drawn drawn) {
    for (float expected : table.tensors.get(name).values()) {
      close(name, drawn.next(), expected);
    }
  }

  private static void tree(GoldenCase table) {
    FileTree tree = FileTree.parse(table.text("tree.txt"));
    float[] x = table.tensors.get("predictions").values();
    table.tensors.forEach(
        (name, recorded) -> {
          float[] ours = x.clone();
          String top = "hierarchy_top_prediction_thresh";
          if (name.startsWith(top)) {
            ours = new float[] {tree.top(x, Float.parseFloat(name.substring(top.length())))};
          } else if (name.equals("get_hierarchy_probability")) {
            for (int node = 0; node < ours.length; node++) {
              ours[node] = tree.probability(x, 0, node);
            }
          } else if (name.startsWith("hierarchy_predictions")) {
            tree.multiply(ours);
            if (name.endsWith("only_leaves")) { // which the product has no use for
              zeroParents(table.text("tree.txt"), ours);
            }
          } else {
            return; // how the original stores its tree
          }
          assertThat(ours).as(name).containsExactly(recorded.values(), offset(1e-6f));
        });
  }

  private static void zeroParents(String tree, float[] values) {
    for (String line : tree.lines().toList()) {
      int parent = Integer.parseInt(line.strip().split("\\s+", -1)[1]);
      if (parent >= 0) {
        values[parent] = 0;
      }
    }
  }

  /** Of the same spread, not the same numbers: so the squares' means agree to five sigma. */
  private static void initialWeights(GoldenCase table) {
    Set<Quirk> quirks = Set.of(Quirk.LOCAL_INITIALISES_FIRST_PLACE);
    try (Workers workers = new Workers(1)) {
      Network net =
          TestNetworks.inspected(
              Cfg.parse(table.cfg(), "init", Map.of()),
              new NetworkOptions(Kernels.best(), workers, 1, true),
              new CounterRandom(1),
              OriginalLayers.with(quirks));
      Map<String, float[]> ours = DarknetOrder.tensors(net);
      table.tensors.forEach(
          (name, recorded) -> {
            float[] own = ours.get(name.substring("init.".length()));
            assertThat(own).as(name).hasSize(recorded.count());
            long drawn = 0;
            double squares = 0;
            double theirs = 0;
            for (int i = 0; i < own.length; i++) {
              float their = recorded.values()[i];
              assertThat(own[i] != 0).as("%s[%d] is drawn", name, i).isEqualTo(their != 0);
              drawn += their == 0 ? 0 : 1;
              squares += own[i] * own[i];
              theirs += their * their;
            }
            assertThat(Math.log(squares / theirs))
                .as(name)
                .isCloseTo(0, offset(5 * Math.sqrt(2 * 2.0 / drawn)));
          });
    }
  }

  /** Those of version 0.2; the product's reader of all versions and options is in exchange. */
  private static void weights(GoldenCase table) throws IOException {
    float[] theirs = floats(Files.readAllBytes(table.directory.resolve("input.f32")));
    int compared = 0;
    for (Map.Entry<String, JsonNode> entry : table.manifest.get("files").properties()) {
      byte[] file = Files.readAllBytes(table.directory.resolve(entry.getKey() + ".weights"));
      String cfg = table.text(entry.getValue().get("cfg").asText());
      boolean plain = file[0] == 0 && file[4] == 2 && !entry.getKey().contains("extra");
      if (!plain || cfg.contains("dontload") || cfg.contains("flipped")) {
        continue;
      }
      try (Workers workers = new Workers(1)) {
        Network net = TestNetworks.build(cfg, Kernels.best(), workers, 1);
        WeightsFiles.read(file, net);
        float[] ours = new float[theirs.length];
        for (int i = 0; i < ours.length; i++) { // from (c, h, w)
          int plane = net.height() * net.width();
          int place = i % net.inputs();
          ours[i - place + place % plane * net.channels() + place / plane] = theirs[i];
        }
        float[] output = net.predict(ours, theirs.length / net.inputs());
        for (int i = 0; i < output.length; i++) {
          double expected = GoldenCase.number(entry.getValue().get("output").get(i));
          if (!Double.isNaN(expected)) { // the original's tanh of large values
            assertThat((double) output[i])
                .as("%s, output %d", entry.getKey(), i)
                .isCloseTo(expected, offset(4e-6));
          }
        }
        compared++;
      }
    }
    assertThat(compared).isPositive();
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /** Those that are read strictly; module exchange reads the others leniently. */
  private static void shapes(JsonNode manifest) {
    assumeTrue(
        Files.isDirectory(DARKNET.resolve("cfg")),
        "no configurations at " + DARKNET + "/cfg: apt-get install darknet");
    Map<String, String> one = Map.of("batch", "1", "subdivisions", "1", "time_steps", "1");
    int compared = 0;
    for (Map.Entry<String, JsonNode> entry : manifest.get("cfgs").properties()) {
      CfgFile cfg;
      try {
        cfg = Cfg.parse(installed("cfg/" + entry.getKey()), entry.getKey(), one);
      } catch (CfgException e) {
        assertThat(e).hasMessageContaining("unknown key");
        continue;
      }
      try (Workers workers = new Workers(1)) {
        NetworkOptions options =
            new NetworkOptions(
                Kernels.best(), workers, 1, false, TablesTest::installed, FileTree::parse);
        int[] ours =
            Network.over(new ShapesOnly(cfg.net(), options), cfg, options).layers().stream()
                .mapToInt(layer -> layer.out().count())
                .toArray();
        int[] theirs = new int[entry.getValue().get("layers").size()];
        Arrays.setAll(theirs, i -> entry.getValue().get("layers").get(i).get(9).asInt());
        assertThat(ours).as(entry.getKey()).isEqualTo(theirs);
      }
      compared++;
    }
    assertThat(compared).isPositive();
  }

  private static String installed(String name) {
    try {
      return Files.readString(DARKNET.resolve(name), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void grammar(JsonNode manifest) {
    int accepted = 0;
    for (JsonNode entry : manifest.get("cases")) {
      String name = entry.get("name").asText();
      CfgFile cfg;
      Network net;
      try (Workers workers = new Workers(1)) {
        cfg = Cfg.parse(entry.get("cfg").asText(), name, Map.of());
        net = Network.build(cfg, new NetworkOptions(Kernels.best(), workers, 1, false));
      } catch (CfgException e) {
        assertThat(e).hasMessageContaining(name);
        continue;
      }
      accepted++;
      if (name.equals("crlf")) {
        continue; // the original does not read it at all
      }
      assertThat(entry.get("status").asText()).as(name).isEqualTo("ok");
      assertThat(net.subBatch()).as(name).isEqualTo(entry.get("net").get("batch").asInt());
      assertThat(net.inputs()).as(name).isEqualTo(entry.get("net").get("inputs").asInt());
      assertThat(net.truths()).as(name).isEqualTo(entry.get("net").get("truths").asInt());
      assertThat(cfg.net().decimal("learning_rate"))
          .as(name)
          .isEqualTo((float) entry.get("opt").get("learning_rate").asDouble());
      JsonNode layers = entry.get("layers");
      assertThat(net.layers()).as(name).hasSize(layers.size());
      for (int i = 0; i < layers.size(); i++) {
        assertThat(net.layers().get(i).section().type())
            .isEqualTo(layers.get(i).get("type").asText());
        assertThat(net.layers().get(i).out().count())
            .as("%s, layer %d", name, i)
            .isEqualTo(layers.get(i).get("outputs").asInt());
      }
    }
    assertThat(accepted).isPositive();
  }
}
