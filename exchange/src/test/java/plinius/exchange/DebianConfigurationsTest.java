package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.LenientCfg;
import plinius.exchange.net.LayerRow;
import plinius.exchange.net.NetTable;

/** The configurations that the original ships: read, and made into networks of its shapes. */
final class DebianConfigurationsTest {
  /** For one image at a time, as the vectors' table was made. */
  private static final Map<String, String> ONE =
      Map.of("batch", "1", "subdivisions", "1", "time_steps", "1");

  @Test
  void three_of_45_are_refused_by_the_name_of_a_key_that_the_original_never_reads() {
    Map<String, String> all = DebianConfigurations.all();
    assertThat(all).hasSize(45);

    all.forEach(
        (name, text) -> {
          if (DebianConfigurations.LENIENT.contains(name)) {
            String key = name.equals("writing.cfg") ? "seen" : "hidden";
            assertThatThrownBy(() -> Cfg.parse(text, name, Map.of()))
                .isInstanceOf(CfgException.class)
                .hasMessageMatching(".*:[1-9][0-9]*: .*")
                .hasMessageStartingWith(name + ":")
                .hasMessageContaining("unknown key '" + key + "'");
            assertThat(LenientCfg.read(text, name).warnings())
                .isNotEmpty()
                .allSatisfy(warning -> assertThat(warning).contains("'" + key + "'"));
          } else {
            assertThat(Cfg.parse(text, name, Map.of()).canonical())
                .isEqualTo(
                    Cfg.parse(LenientCfg.read(text, name).text(), name, Map.of()).canonical());
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> all_make_networks_of_the_shapes_of_the_original() {
    JsonNode expected = Vectors.table("cfg_shapes").get("cfgs");
    Map<String, String> all = DebianConfigurations.all();
    assertThat(all).hasSize(expected.size());
    return all.entrySet().stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(),
                    () -> compare(entry.getKey(), entry.getValue(), expected.get(entry.getKey()))));
  }

  private static void compare(String name, String text, JsonNode expected) {
    CfgFile cfg = Cfg.parse(LenientCfg.read(text, name).text(), name, ONE);
    NetTable table = NetTable.of(cfg, 1, DebianConfigurations::named);

    List<LayerRow> rows = table.layers();
    assertThat(rows).hasSize(expected.get("layers").size());
    for (LayerRow row : rows) {
      JsonNode layer = expected.get("layers").get(row.index());
      assertThat(row.type()).as("layer %d", row.index()).isEqualTo(layer.get(1).asText());
      assertThat(row.out().count()).as("layer %d", row.index()).isEqualTo(layer.get(9).asInt());
      if (layer.get(5).asInt() > 0) { // the original keeps no shape of what is no image
        assertThat(List.of(row.out().h(), row.out().w(), row.out().c()))
            .as("layer %d", row.index())
            .containsExactly(layer.get(5).asInt(), layer.get(6).asInt(), layer.get(7).asInt());
      }
      if (layer.get(11).asLong() > 0 && !row.type().equals("local")) {
        int filters = row.filters();
        int normalized = layer.get(17).asInt();
        assertThat(row.parameters())
            .as("layer %d", row.index())
            .isEqualTo(layer.get(11).asLong() + (1L + normalized) * filters);
      }
    }
  }
}
