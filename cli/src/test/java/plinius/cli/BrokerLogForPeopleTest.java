package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a terminal gets to see of text that strangers chose. */
class BrokerLogForPeopleTest {
  @Test
  void what_moves_a_cursor_or_turns_text_round_is_shown_by_number() {
    Map<String, Object> line =
        new TreeMap<>(
            Map.of(
                "index", 7L,
                "at", "2026-01-01T00:00:00Z",
                "event", "refused",
                "prev", "00",
                "mac", "11",
                "reason", "\u001b[2J\n  8 \u202egrant\u2028\u009b \u00e9\ud83d\ude00"));

    assertThat(BrokerVerbs.Log.forPeople(line))
        .isEqualTo(
            "     7  2026-01-01T00:00:00Z  refused    reason="
                + "\\u{1b}[2J\\u{a}  8 \\u{202e}grant\\u{2028}\\u{9b} \u00e9\ud83d\ude00");
  }
}
