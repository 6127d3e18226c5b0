package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import plinius.darknet.GoldenCase.Recorded;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Draws;
import plinius.kernel.Activation;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** The vectors' tables: learning rates, activations, the grammar of .cfg. */
final class TablesTest {
  private static Path table(String name) {
    for (String root : System.getProperty("plinius.vectors", "").split(",", -1)) {
      Path path = Path.of(root.strip(), name);
      if (!root.isBlank() && Files.isDirectory(path)) {
        return path;
      }
    }
    assumeTrue(false, "no table " + name + ": set -Dplinius.vectors");
    throw new AssertionError();
  }

  private static JsonNode json(Path table) throws IOException {
    return JsonMapper.builder()
        .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
        .build()
        .readTree(table.resolve("case.json").toFile());
  }

  /** glibc's rand() after srand(1), additive feedback, for the policy that draws. */
  private static final class Glibc {
    private final int[] r = new int[100_000];
    private int next = 344;

    Glibc() {
      r[0] = 1;
      for (int i = 1; i < 31; i++) {
        long word = 16807L * r[i - 1] % 2147483647;
        r[i] = (int) (word < 0 ? word + 2147483647 : word);
      }
      for (int i = 31; i < 34; i++) {
        r[i] = r[i - 31];
      }
      for (int i = 34; i < r.length; i++) {
        r[i] = r[i - 31] + r[i - 3];
      }
    }

    float uniform() {
      int word = r[next++] >>> 1;
      return (float) word / 0x1p31f;
    }
  }

  @Test
  void learning_rates_are_those_of_the_original() throws Exception {
    int compared = 0;
    for (JsonNode policy : json(table("lr_policies")).get("policies")) {
      String name = policy.get("name").asText();
      if (name.equals("unknown_policy")) {
        continue;
      }
      Glibc glibc = new Glibc();
      Map<Long, Float> drawn = new TreeMap<>();
      Draws draws =
          (purpose, iteration, index) -> drawn.computeIfAbsent(iteration, i -> glibc.uniform());
      CfgFile cfg = Cfg.parse(policy.get("cfg").asText(), name, Map.of());
      LearningRate rate = new LearningRate(cfg.net(), Quirks.darknetCpu(), draws);
      for (JsonNode entry : policy.get("rates")) {
        if (!entry.get(1).isNumber()) {
          continue;
        }
        float expected = (float) entry.get(1).asDouble();
        float actual = rate.at(entry.get(0).asLong());
        assertThat(actual)
            .as("%s after %s", name, entry.get(0))
            .isCloseTo(expected, offset(Math.ulp(expected)));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(300);
  }

  @Test
  void a_finished_poly_rate_stays_at_zero_and_a_sigmoid_starts_before_its_step() {
    Draws none = (purpose, iteration, index) -> 0;
    String head = "[net]\ninputs=4\nlearning_rate=.1\n";
    String tail = "[connected]\n[softmax]\n";
    CfgFile poly = Cfg.parse(head + "policy=poly\nmax_batches=10\n" + tail, "poly", Map.of());
    CfgFile sigmoid =
        Cfg.parse(head + "policy=sigmoid\nstep=100\ngamma=.05\n" + tail, "sigmoid", Map.of());

    assertThat(new LearningRate(poly.net(), Quirks.none(), none).at(12)).isZero();
    assertThat(new LearningRate(poly.net(), Quirks.darknetCpu(), none).at(12)).isPositive();
    assertThat(new LearningRate(sigmoid.net(), Quirks.none(), none).at(50))
        .isCloseTo((float) (.1 / (1 + Math.exp(-2.5))), offset(1e-7f));
    assertThat(new LearningRate(sigmoid.net(), Quirks.darknetCpu(), none).at(50)).isZero();
  }

  @Test
  void activations_and_their_gradients_are_those_of_the_original() {
    GoldenCase table = GoldenCase.read(table("table_activations"));
    float[] x = table.tensors.get("x").values();
    int compared = 0;
    for (Activation activation : Activation.values()) {
      Recorded outputs = table.tensors.get("activate." + activation.configName());
      Recorded slopes = table.tensors.get("gradient_of_output." + activation.configName());
      for (int i = 0; i < x.length; i++) {
        float expected = outputs.values()[i];
        if (Float.isFinite(expected)) {
          close(activation + " of " + x[i], activation.apply(x[i]), expected);
          close(activation + "' at " + x[i], activation.gradient(expected), slopes.values()[i]);
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(14 * 90);
  }

  private static void close(String what, float actual, float expected) {
    assertThat(actual).as(what).isCloseTo(expected, offset(4e-6f * Math.abs(expected) + 1e-7f));
  }

  @Test
  void what_the_original_reads_is_read_alike_or_refused() throws Exception {
    int accepted = 0;
    for (JsonNode entry : json(table("cfg_grammar")).get("cases")) {
      String name = entry.get("name").asText();
      CfgFile cfg;
      Network net;
      try (Workers workers = new Workers(1)) {
        cfg = Cfg.parse(entry.get("cfg").asText(), name, Map.of());
        net =
            Network.build(
                cfg, new NetworkOptions(Kernels.best(), workers, 1, Quirks.none(), false));
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
        assertThat(net.layers().get(i).common().type())
            .isEqualTo(layers.get(i).get("type").asText());
        assertThat(net.layers().get(i).out().count())
            .as("%s, layer %d", name, i)
            .isEqualTo(layers.get(i).get("outputs").asInt());
      }
    }
    assertThat(accepted).isGreaterThanOrEqualTo(9);
  }
}
