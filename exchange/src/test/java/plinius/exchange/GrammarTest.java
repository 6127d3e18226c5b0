package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.LenientCfg;
import plinius.exchange.net.NetTable;

/** Every text of the vectors' table of the grammar, read leniently. */
final class GrammarTest {
  /** What the original reads into something that cannot run, or that our limits exclude. */
  private static final List<String> REFUSED =
      List.of(
          "unknown_section", // its forward jumps to nowhere
          "uppercase_section_unknown",
          "net_only", // no layers
          "hex_and_exp"); // a batch of 0

  @Test
  void what_the_original_reads_is_read_alike_and_what_it_crashes_on_is_refused() {
    List<String> refused = new ArrayList<>();
    for (JsonNode entry : Vectors.table("cfg_grammar").get("cases")) {
      String name = entry.get("name").asText();
      boolean ok = entry.get("status").asText().equals("ok");
      CfgFile cfg;
      NetTable table;
      try {
        cfg = Cfg.parse(LenientCfg.read(entry.get("cfg").asText(), name).text(), name, Map.of());
        table = NetTable.of(cfg, 1, file -> file);
      } catch (CfgException e) {
        assertThat(e).hasMessageContaining(name);
        if (ok) {
          refused.add(name);
        }
        continue;
      }
      if (name.equals("crlf")) {
        continue; // which the original does not take
      }
      assertThat(ok).as(name).isTrue();
      JsonNode net = entry.get("net");
      assertThat(table.subBatch()).as(name).isEqualTo(net.get("batch").asInt());
      assertThat(table.subdivisions()).as(name).isEqualTo(net.get("subdivisions").asInt());
      JsonNode opt = entry.get("opt");
      for (String key : List.of("learning_rate", "momentum", "decay", "power")) {
        assertThat(cfg.net().decimal(key)).as(name).isEqualTo((float) opt.get(key).asDouble());
      }
      assertThat(cfg.net().word("policy")).as(name).isEqualTo(opt.get("policy").asText());
      layers(name, entry.get("layers"), cfg, table);
    }
    assertThat(refused).isSubsetOf(REFUSED);
  }

  private static void layers(String name, JsonNode layers, CfgFile cfg, NetTable table) {
    assertThat(table.layers()).as(name).hasSize(layers.size());
    for (int i = 0; i < layers.size(); i++) {
      JsonNode layer = layers.get(i);
      assertThat(table.layers().get(i).type()).as(name).isEqualTo(layer.get("type").asText());
      assertThat(table.layers().get(i).out().count())
          .as(name)
          .isEqualTo(layer.get("outputs").asInt());
      if (layer.get("type").asText().equals("convolutional")
          && !name.equals("crlf_body_only")) { // a carriage return is no part of a word here
        assertThat(cfg.layers().get(i).word("activation"))
            .as(name)
            .isEqualTo(layer.get("activation").asText());
      }
    }
  }
}
