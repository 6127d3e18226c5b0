package plinius.seal.jose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.seal.SealException;
import plinius.testkit.Seeded;

class JsonTest {
  @Test
  void all_kinds_of_values_are_read() {
    assertThat(Json.parse(" {\"a\" : [1, -25, true, false, null, \"\\u00e9\\n\\/\"], \"b\":{}} "))
        .isEqualTo(
            Map.of("a", List.of(1L, -25L, true, false, Json.Null.NULL, "é\n/"), "b", Map.of()));
  }

  /** RFC 8785 section 3.2.2 and 3.2.3. */
  @Test
  void the_example_of_rfc_8785_comes_out_with_whole_numbers() {
    String text =
        """
        {"numbers": [-0, 9223372036854775807, -9223372036854775808, 56],
         "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
         "literals": [null, true, false]}
        """;
    assertThat(Json.write(Json.parse(text)))
        .isEqualTo(
            "{\"literals\":[null,true,false],\"numbers\":[0,9223372036854775807,-9223372036854775808,56],\"string\":\"€$\\u000f\\n"
                + "A'B\\\"\\\\\\\\\\\"/\"}");
  }

  /** RFC 8785 section 3.2.3: by UTF-16 unit, so a surrogate sorts before U+FB33. */
  @Test
  void names_are_sorted_by_utf_16_unit() {
    assertThat(Json.write(Map.of("\ufb33", 1, "\ud83d\ude00", 2, "1", 3, "\r", 4, "ö", 5, "€", 6)))
        .isEqualTo("{\"\\r\":4,\"1\":3,\"ö\":5,\"€\":6,\"\ud83d\ude00\":2,\"\ufb33\":1}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{,}",
        "1 2",
        "[] []",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-2.5e1",
        "1.0",
        "1E2",
        "0.5",
        "9223372036854775808",
        "-9223372036854775809",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "tru",
        "nul",
        "True",
        "'a'",
        "{\"a\":1,\"a\":2}",
        "/* */1",
        "\ufeff1",
        "[1}",
        "0x1",
        "\"\\u\uff11\uff11\uff11\uff11\""
      })
  void what_is_not_strict_json_is_refused(String text) {
    assertThatThrownBy(() -> Json.parse(text))
        .isInstanceOf(SealException.Malformed.class)
        .hasMessageStartingWith("bad JSON");
  }

  @Test
  void bytes_that_are_not_utf_8_are_refused() {
    byte[] overlong = {'{', '"', (byte) 0xc0, (byte) 0x80, '"', ':', '1', '}'};
    assertThatThrownBy(() -> Json.parseObject(overlong))
        .isInstanceOf(SealException.Malformed.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void depth_length_and_numbers_are_bounded() {
    int most = Json.DEPTH_MAX;
    assertThat(Json.parse("[".repeat(most) + "]".repeat(most))).isNotNull();
    for (String text :
        List.of(
            "[".repeat(most + 2) + "]".repeat(most + 2),
            "[".repeat(Json.TEXT_MAX),
            "{\"a\":".repeat(10_000),
            " ".repeat(Json.TEXT_MAX) + "1",
            "0." + "0".repeat(10_000) + "1",
            "1e-" + "9".repeat(1000))) {
      assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(SealException.Malformed.class);
    }
    assertThatThrownBy(() -> Json.parseObject(new byte[Json.TEXT_MAX + 1]))
        .isInstanceOf(SealException.Malformed.class);
  }

  @Test
  void what_json_cannot_say_is_not_written() {
    assertThatThrownBy(() -> Json.write(0.5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Json.write(new byte[0])).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Json.write("\ud800")).isInstanceOf(SealException.Malformed.class);
  }

  @Test
  void members_of_the_wrong_type_or_missing_are_named() {
    Map<String, Object> object =
        Json.parseObject("{\"s\":\"x\",\"n\":1,\"l\":[2],\"o\":{\"a\":3}}");

    assertThat(Json.string(object, "s")).isEqualTo("x");
    assertThat(Json.member(object, "n", Long.class, "an integer")).isEqualTo(1);
    assertThat(Json.object(object, "o")).containsEntry("a", 3L);
    assertThatThrownBy(() -> Json.string(object, "n"))
        .hasMessageContaining("\"n\" is not a string");
    assertThatThrownBy(() -> Json.member(object, "s", Long.class, "an integer"))
        .hasMessageContaining("\"s\" is not an integer");
    assertThatThrownBy(() -> Json.object(object, "l")).hasMessageContaining("not an object");
    assertThatThrownBy(() -> Json.string(object, "x")).hasMessageContaining("\"x\" is missing");
    assertThatThrownBy(() -> Json.parseObject("[]")).isInstanceOf(SealException.Malformed.class);
  }

  @Test
  void what_is_written_reads_back_and_is_a_fixed_point() {
    Seeded seeded = Seeded.fresh();
    for (int i = 0; i < 2000; i++) {
      Object value = value(seeded, 0);
      String text = Json.write(value);
      byte[] within = ("{\"v\":" + text + "}").getBytes(StandardCharsets.UTF_8);
      assertThat(Json.write(Json.parseObject(within).get("v"))).as("%s", seeded).isEqualTo(text);
    }
  }

  private static Object value(Seeded seeded, int depth) {
    return switch (seeded.random().nextInt(depth > 4 ? 5 : 7)) {
      case 0 -> seeded.random().nextLong();
      case 1 -> seeded.random().nextInt();
      case 2 -> seeded.random().nextBoolean();
      case 3 -> Json.Null.NULL;
      case 4 -> text(seeded);
      case 5 ->
          java.util.stream.Stream.generate(() -> value(seeded, depth + 1))
              .limit(seeded.random().nextInt(4))
              .toList();
      default -> {
        Map<String, Object> map = new java.util.HashMap<>();
        for (int i = seeded.random().nextInt(4); i > 0; i--) {
          map.put(text(seeded), value(seeded, depth + 1));
        }
        yield map;
      }
    };
  }

  private static String text(Seeded seeded) {
    return seeded
        .random()
        .ints(seeded.random().nextInt(8), 0, 0x2000)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Test
  void no_garbage_crashes_the_parser() {
    Seeded seeded = Seeded.fresh();
    String tokens = "{}[]:,\"\\u0123eE+-. tfn truefalsenull";
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = seeded.random().nextInt(30); length > 0; length--) {
        text.append(tokens.charAt(seeded.random().nextInt(tokens.length())));
      }
      try {
        String written = Json.write(Json.parse(text.toString()));
        assertThat(Json.write(Json.parse(written))).as("%s", seeded).isEqualTo(written);
      } catch (SealException.Malformed expected) {
        assertThat(expected).hasMessageStartingWith("bad JSON");
      }
    }
  }
}
