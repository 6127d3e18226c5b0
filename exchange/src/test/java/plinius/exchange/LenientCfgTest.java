package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.LenientCfg;

final class LenientCfgTest {
  private static final String SMALL =
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
      """;

  private static CfgFile parse(LenientCfg read) {
    return Cfg.parse(read.text(), "my.cfg", Map.of());
  }

  /** What is written in place of something, what that becomes, and what the warning says. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          filters=3 | filters=3;x | filters=3 | my.cfg:8: [convolutional] filters=3;x is read as 3
          filters=3 | filters=3.9 | filters=3 | my.cfg:8: [convolutional] filters=3.9 is read as 3
          filters=3 | filters=0005x | filters=5 | filters=0005x is read as 5
          filters=3 | filters=4294967299 | filters=3 | is read as 3
          filters=3 | filters= | | my.cfg:8: 'filters=' in [convolutional] has no value
          filters=3 | filters | | my.cfg:8: 'filters' in [convolutional] has no value
          filters=3 | filter=3 | | my.cfg:8: unknown key 'filter' in [convolutional] is ignored; did you mean 'filters'?
          pad=1 | pad=7 | pad=1 | [convolutional] pad=7 is read as 1
          pad=1 | pad=yes | | [convolutional] pad=yes is read as 0
          activation=leaky | activation=mish | activation=relu | activation=mish is read as relu
          activation=leaky | activation=leaky#x | activation=relu | activation=leaky#x is read as relu
          batch=4 | policy=cosine | | my.cfg:2: [net] policy=cosine is read as constant
          batch=4 | momentum=.5e0e | momentum=0.5 | momentum=.5e0e is read as 0.5
          batch=4 | momentum=0x1 | momentum=1.0 | momentum=0x1 is read as 1.0
          batch=4 | momentum=abc | momentum=0.0 | momentum=abc is read as 0.0
          """)
  void what_the_original_reads_otherwise_is_read_so_and_reported(
      String good, String written, String canonical, String warning) {
    LenientCfg read = LenientCfg.read(SMALL.replaceFirst(good, written), "my.cfg");
    String expected = canonical == null ? "" : canonical + "\n";

    assertThat(read.warnings()).singleElement().asString().contains(warning);
    assertThat(parse(read).canonical())
        .isEqualTo(Cfg.parse(SMALL.replaceFirst(good + "\n", expected), "x", Map.of()).canonical());
  }

  @Test
  void of_two_equal_keys_the_first_counts_even_if_it_has_no_value() {
    LenientCfg two = LenientCfg.read(SMALL.replace("size=3", "filters=9\nsize=3"), "my.cfg");
    LenientCfg none = LenientCfg.read(SMALL.replace("filters=3", "filters\nfilters=3"), "my.cfg");
    LenientCfg empty = LenientCfg.read(SMALL.replace("filters=3", "filters=\nfilters=3"), "my.cfg");

    assertThat(two.warnings())
        .containsExactly("my.cfg:9: key 'filters' of [convolutional] is ignored: line 8 counts");
    assertThat(parse(two).layers().getFirst().integer("filters")).isEqualTo(3);
    assertThat(parse(none).layers().getFirst().integer("filters")).isEqualTo(1);
    assertThat(parse(empty).layers().getFirst().integer("filters")).isEqualTo(3);
  }

  @Test
  void a_strict_file_is_translated_into_itself_without_a_warning() {
    LenientCfg read = LenientCfg.read(SMALL, "my.cfg");

    assertThat(read.warnings()).isEmpty();
    assertThat(read.text()).isEqualTo(SMALL);
  }

  @Test
  void carriage_returns_are_reported_once() {
    LenientCfg read = LenientCfg.read(SMALL.replace("\n", "\r\n"), "my.cfg");

    assertThat(read.warnings()).singleElement().asString().startsWith("my.cfg:1: ");
    assertThat(parse(read).canonical()).isEqualTo(Cfg.parse(SMALL, "x", Map.of()).canonical());
  }

  @Test
  void images_that_subdivisions_leave_out_do_not_count() {
    LenientCfg read =
        LenientCfg.read(SMALL.replace("batch=4", "batch=10\nsubdivisions=3"), "my.cfg");

    assertThat(parse(read).net().integer("batch")).isEqualTo(9);
    assertThat(read.warnings()).singleElement().asString().startsWith("my.cfg:2: [net] batch=10");
  }

  @Test
  void sides_of_half_an_image_and_surplus_scales_do_not_count() {
    LenientCfg half =
        LenientCfg.read("[net]\nheight=1\ninputs=5\n[connected]\n[softmax]\n", "my.cfg");
    LenientCfg steps =
        LenientCfg.read(
            SMALL.replace("batch=4", "policy=steps\nsteps=5,9\nscales=.1,.2,.3"), "my.cfg");

    assertThat(parse(half).net().integer("height")).isZero();
    assertThat(parse(steps).net().decimals("scales")).containsExactly(.1f, .2f);
    assertThat(half.warnings()).hasSize(1);
    assertThat(steps.warnings()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          filters=3 | filters=abc | my.cfg:8: | is read as 0, which is outside 1 to
          filters=3 | filters=99999999999999999999 | my.cfg:8: | is read as -1
          batch=4 | batch=0x10 | my.cfg:2: | is read as 0
          batch=4 | subdivisions=0 | my.cfg:2: | outside 1 to
          batch=4 | momentum=nan | my.cfg:2: | is read as NaN
          [softmax] | [mish] | my.cfg:12: | unknown section [mish]
          [softmax] | [softmax | my.cfg:12: | unknown section
          [net] | [conv] | my.cfg:1: | the first section must be [net]
          """)
  void what_the_original_crashes_on_is_refused(
      String good, String written, String place, String reason) {
    assertThatThrownBy(() -> parse(LenientCfg.read(SMALL.replace(good, written), "my.cfg")))
        .isInstanceOf(CfgException.class)
        .hasMessageStartingWith(place)
        .hasMessageContaining(reason);
  }

  @Test
  void a_refusal_after_the_translation_still_names_the_line_of_the_file() {
    assertThatThrownBy(
            () -> parse(LenientCfg.read(SMALL.replace("pad=1", "x=1\npad=1") + "[x]\n", "my.cfg")))
        .hasMessageStartingWith("my.cfg:14: ");
  }

  @Test
  void warnings_are_few_however_many_lines_are_wrong() {
    LenientCfg read = LenientCfg.read(SMALL + "x=1\n".repeat(10_000), "my.cfg");

    assertThat(read.warnings()).hasSize(101);
    assertThat(read.warnings().getLast()).contains("9900 lines more");
  }
}
