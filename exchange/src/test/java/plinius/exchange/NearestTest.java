package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.darknet.cfg.Cfg;
import plinius.exchange.cfg.Nearest;

final class NearestTest {
  private static final String CFG = "[net]\ninputs=4\n[conv]\nfilters=3\nactivation=leaky\n";

  private static String refusal(String cfg, Map<String, String> settings) {
    return Nearest.suggested(catchThrowable(() -> Cfg.parse(cfg, "my.cfg", settings)).getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          filters=3 | filter=3 | unknown key 'filter' in [convolutional]; did you mean 'filters'? Known:
          leaky | leeky | 'leeky' is not known; did you mean 'leaky'? Known:
          [conv] | [convolution] | unknown section [convolution]; did you mean 'convolutional'? Known:
          leaky | x-mas-tree-lights | 'x-mas-tree-lights' is not known. Known:
          """)
  void what_was_probably_meant_is_named(String good, String bad, String reason) {
    assertThat(refusal(CFG.replace(good, bad), Map.of())).contains(reason);
  }

  @Test
  void so_it_is_in_a_setting() {
    assertThat(refusal(CFG, Map.of("momentun", "1")))
        .startsWith("--set momentun=1: ")
        .contains("did you mean 'momentum'?");
  }

  @Test
  void other_messages_stay_as_they_are() {
    assertThat(Nearest.suggested("model.pm is no pool. Known: nothing."))
        .isEqualTo("model.pm is no pool. Known: nothing.");
  }
}
