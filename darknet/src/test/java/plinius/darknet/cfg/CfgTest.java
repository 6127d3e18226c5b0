package plinius.darknet.cfg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CfgTest {
  private static final String SMALL =
      """
      # a comment
      [net]
      batch = 4
      height=6
      width=6
      channels=2

      [conv]
      filters=3
      size=3
      pad=1
      activation=leaky
      [softmax]
      """;

  private static CfgFile parse(String text) {
    return Cfg.parse(text, "my.cfg", Map.of());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          filters=3 | filter=3 | my.cfg:9: | filter | Known: filters, size
          filters=3 | filters=three | my.cfg:9: | filters | is not a whole number
          filters=3 | filters=0 | my.cfg:9: | filters | outside 1 to
          filters=3 | filters= | my.cfg:9: | filters | not key=value
          filters=3 | filters | my.cfg:9: | filters | not key=value
          filters=3 | filters=3 # three | my.cfg:9: | filters | comment needs a line of its own
          filters=3 | filters=3.5 | my.cfg:9: | filters | is not a whole number
          filters=3 | filters=\u0663 | my.cfg:9: | filters | is not a whole number
          filters=3 | filters=0000000000000000003 | my.cfg:9: | filters | is not a whole number
          size=3 | filters=x | my.cfg:10: | filters | is not a whole number
          activation=leaky | activation=leeky | my.cfg:12: | activation | is not known. Known: logistic
          activation=leaky | activation=mish | my.cfg:12: | activation | Known: logistic
          [conv] | [convolution] | my.cfg:8: | convolution | Known: net, convolutional
          [conv] | [Conv] | my.cfg:8: | Conv | unknown section
          [conv] | [net] | my.cfg:8: | net | must be the first section
          batch = 4 | batch = 4.9 | my.cfg:3: | batch | is not a whole number
          batch = 4 | subdivisions=3 | my.cfg:3: | subdivisions | does not divide batch
          batch = 4 | policy=cosine | my.cfg:3: | policy | Known: constant, step
          batch = 4 | learning_rate=nan | my.cfg:3: | learning_rate | is not a number
          batch = 4 | learning_rate=1e99 | my.cfg:3: | learning_rate | is outside
          batch = 4 | inputs=71 | my.cfg:3: | inputs | height x width x channels = 72
          """)
  void what_is_not_known_names_file_line_and_key(
      String good, String bad, String place, String key, String reason) {
    assertThat(SMALL).contains(good);

    assertThatThrownBy(() -> parse(SMALL.replace(good, bad)))
        .isInstanceOf(CfgException.class)
        .hasMessageStartingWith(place)
        .hasMessageContaining(key)
        .hasMessageContaining(reason);
  }

  @Test
  void an_iteration_has_no_more_images_than_can_be_counted() {
    String steps = SMALL.replace("batch = 4", "batch=65536\ntime_steps=%s\nsubdivisions=65536");

    assertThatThrownBy(() -> parse(steps.formatted(65536)))
        .isInstanceOf(CfgException.class)
        .hasMessageStartingWith("my.cfg:4: ")
        .hasMessageContaining("time_steps=65536 times batch=65536 is more than 2^31 - 1 images");
    assertThat(parse(steps.formatted(32767)).net().integer("time_steps")).isEqualTo(32767);
  }

  @Test
  void steps_need_as_many_scales() {
    String text = SMALL.replace("batch = 4", "policy=steps\nsteps=5,10\nscales=.1");

    assertThatThrownBy(() -> parse(text)).hasMessageContaining("2 steps and 1 scales");
    assertThat(parse(text.replace("scales=.1", "scales = .1, .5")).net().decimals("scales"))
        .containsExactly(.1f, .5f);
  }

  @Test
  void of_a_key_that_is_given_again_the_first_counts() {
    CfgFile cfg = parse(SMALL.replace("size=3", "filters=9\nsize=3"));

    assertThat(cfg.canonical()).isEqualTo(parse(SMALL).canonical());
  }

  @Test
  void augmentation_keys_that_change_nothing_are_accepted() {
    String keys =
        """
        max_crop=6
        min_crop=6
        angle=0
        aspect=1
        saturation=1
        exposure=1
        hue=0
        """;

    assertThatCode(() -> parse(SMALL.replace("batch = 4", "batch=4\n" + keys)))
        .doesNotThrowAnyException();
  }

  @Test
  void a_text_without_sections_or_layers_is_refused() {
    assertThatThrownBy(() -> parse("")).isInstanceOf(CfgException.class);
    assertThatThrownBy(() -> parse("batch=3\n" + SMALL)).hasMessageStartingWith("my.cfg:1: ");
    assertThatThrownBy(() -> parse("[net]\ninputs=3\n")).hasMessageContaining("no layers");
    assertThatThrownBy(() -> parse("[conv]\n" + SMALL)).hasMessageContaining("first section");
  }

  @Test
  void spellings_of_the_same_configuration_share_one_canonical_text() {
    String unix =
        """
        [ n e t ]
        channels=2
        width=+6
        height=6
        batch=4
        momentum=.9
        [convolutional]
        activation=leaky
        pad=1
        size=3
        filters=3
        stride=1
        [soft]\
        """;
    String other = unix.replace("\n", "\r\n");

    assertThat(parse(other).canonical()).isEqualTo(parse(SMALL).canonical());
    assertThat(parse(SMALL).canonical())
        .isEqualTo(
            """
            [net]
            batch=4
            height=6
            width=6
            channels=2
            [convolutional]
            filters=3
            size=3
            pad=1
            activation=leaky
            [softmax]
            """);
  }

  @Test
  void the_canonical_text_reads_as_itself() {
    String canonical =
        parse(SMALL.replace("batch = 4", "learning_rate=1e-2\nmomentum=0x1p-1")).canonical();

    assertThat(canonical).contains("learning_rate=0.01\nmomentum=0.5\n");
    assertThat(parse(canonical).canonical()).isEqualTo(canonical);
  }

  @Test
  void overrides_replace_and_add_keys_of_net() {
    CfgFile cfg = Cfg.parse(SMALL, "my.cfg", Map.of("batch", "8", "learning_rate", ".5"));

    assertThat(cfg.net().integer("batch")).isEqualTo(8);
    assertThat(cfg.canonical()).contains("batch=8\n").contains("learning_rate=0.5\n");
    assertThatThrownBy(() -> Cfg.parse(SMALL, "my.cfg", Map.of("momentun", "1")))
        .hasMessageStartingWith("--set momentun=1: ")
        .hasMessageContaining("unknown key 'momentun' in [net]. Known: batch");
    assertThatThrownBy(() -> Cfg.parse(SMALL, "my.cfg", Map.of("momentum", "")))
        .isInstanceOf(CfgException.class);
  }

  @Test
  void a_difference_names_section_key_and_both_values() {
    String mirrored = parse(SMALL).canonical();
    String offered =
        parse(SMALL.replace("filters=3", "filters=5").replace("batch = 4", "momentum=.5"))
            .canonical();

    assertThat(Cfg.difference(mirrored, mirrored)).isEmpty();
    assertThat(Cfg.difference(mirrored, offered))
        .contains("[net]: momentum=0.5, but the mirrored model has momentum=0.9")
        .contains("[net]: batch=1, but the mirrored model has batch=4")
        .contains("[convolutional] (layer 0): filters=5, but the mirrored model has filters=3");
    assertThat(Cfg.difference(mirrored, parse(SMALL + "[cost]\n").canonical()))
        .contains("[cost] (layer 2) is not in the mirrored model");
    assertThat(
            Cfg.difference(
                mirrored, parse(SMALL.replace("[conv]", "[conv]\n[softmax]\n[conv]")).canonical()))
        .contains("[softmax] (layer 3) is not in the mirrored model");
    assertThat(Cfg.difference("rubbish", mirrored)).isNotEmpty();
  }

  @Test
  void any_text_is_read_or_refused() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    String alphabet = "[]=#;,.-+eE0123456789 \t\r\nnetconvsofmaxpligrdb_\u0000\u00e9\u2028";
    int read = 0;
    for (int i = 0; i < 4000; i++) {
      StringBuilder text = new StringBuilder(i % 4 == 0 ? "" : SMALL);
      int edits = random.nextInt(1 + i % 12);
      for (int j = 0; j < edits; j++) {
        int at = random.nextInt(text.length() + 1);
        switch (random.nextInt(3)) {
          case 0 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
          case 1 -> text.delete(at, Math.min(text.length(), at + random.nextInt(4)));
          default -> text.insert(at, text.substring(0, Math.min(at, random.nextInt(30))));
        }
      }
      String made = text.toString();
      try {
        CfgFile cfg = parse(made);
        assertThat(parse(cfg.canonical()).canonical()).isEqualTo(cfg.canonical());
        read++;
      } catch (CfgException e) {
        assertThat(e.getMessage()).as("seed %d, text %s", seed, made).startsWith("my.cfg");
        assertThat(e.getMessage().codePoints().allMatch(c -> c >= ' ' && c < 127))
            .as("seed %d: %s", seed, e.getMessage())
            .isTrue();
      }
    }
    assertThat(read).as("seed %d", seed).isBetween(200, 3900);
  }

  @Test
  void a_very_long_text_or_line_is_refused_quickly() {
    assertThatThrownBy(() -> parse("[net]\n" + "x".repeat(2_000_000)))
        .hasMessageContaining("longer");
    assertThatThrownBy(() -> parse("[net]\n" + "x".repeat(900_000) + "=1\n"))
        .isInstanceOf(CfgException.class);
    assertThatThrownBy(() -> parse("[net]\ninputs=3\n" + "[cost]\n".repeat(5000)))
        .hasMessageContaining("layers");
  }
}
