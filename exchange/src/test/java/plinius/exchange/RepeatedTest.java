package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import plinius.exchange.cfg.Repeated;

final class RepeatedTest {
  @Test
  void a_note_says_which_of_two_keys_counts() {
    String cfg =
        "[net]\ninputs=4\n\n[conv]\nfilters = 3\n# filters=4\nfilters=9\n[conv]\nfilters=1\n";

    assertThat(Repeated.keys(cfg, "my.cfg"))
        .containsExactly(
            "my.cfg:7: key 'filters' of [convolutional] is given again; as in Darknet, line 5"
                + " counts.");
    assertThat(Repeated.keys("[net]\ninputs=4\n", "my.cfg")).isEmpty();
  }
}
