package plinius.seal.jose;

import static java.util.stream.Collectors.joining;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import plinius.seal.SealException;

/**
 * Strict, bounded JSON (RFC 8259) as plain values: Map, List, String, Long, Boolean and {@link
 * Null}. Refuses what parsers disagree about: a name twice, lone surrogates, numbers that are no
 * integers of 64 bits (nobody here sends one), anything after the value.
 *
 * <p>The writer is canonical (RFC 8785, JCS): names sorted by UTF-16 unit, no white space; unlike
 * JCS it writes integers beyond 2^53 with all their digits.
 */
public final class Json {
  /** The longest text, in characters. */
  public static final int TEXT_MAX = 1 << 20;

  /** How deep arrays and objects may nest. */
  public static final int DEPTH_MAX = 32;

  /** What stands behind a backslash, but for u, and what it stands for. */
  private static final String NAMES = "btnfr\"\\/";

  private static final String NAMED = "\b\t\n\f\r\"\\/";

  private Json() {}

  /** JSON's null, so that Java's need not appear. */
  public enum Null {
    NULL
  }

  /** Parses one value and nothing after it. */
  public static Object parse(String text) {
    checkLength(text.length());
    Parser parser = new Parser(text);
    Object value = parser.value(0);
    parser.end();
    return value;
  }

  /** Parses a text whose value is an object. */
  public static Map<String, Object> parseObject(String text) {
    return asObject(parse(text), "the text");
  }

  /** Parses UTF-8 whose value is an object; invalid UTF-8 is refused. */
  public static Map<String, Object> parseObject(byte[] utf8) {
    checkLength(utf8.length);
    try {
      ByteBuffer bytes = ByteBuffer.wrap(utf8);
      return parseObject(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
    } catch (CharacterCodingException e) {
      throw new SealException.Malformed("bad JSON: the bytes are not UTF-8");
    }
  }

  /** The string under a name. */
  public static String string(Map<String, ?> object, String name) {
    return member(object, name, String.class, "a string");
  }

  /** The object under a name. */
  public static Map<String, Object> object(Map<String, ?> object, String name) {
    return asObject(member(object, name, Object.class, "anything"), "\"" + name + "\"");
  }

  /** The elements of an array that are to be objects. */
  public static Map<String, Object> asObject(Object value, String what) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new SealException.Malformed("bad JSON: " + what + " is not an object");
    }
    Map<String, Object> object = new LinkedHashMap<>();
    map.forEach((name, member) -> object.put((String) name, member));
    return object;
  }

  /** What lies under a name, of this type; {@code what} says in messages what it is to be. */
  public static <T> T member(Map<String, ?> object, String name, Class<T> type, String what) {
    Object value = object.get(name);
    if (!type.isInstance(value)) {
      throw new SealException.Malformed(
          "bad JSON: \"%s\" is %s".formatted(name, value == null ? "missing" : "not " + what));
    }
    return type.cast(value);
  }

  private static void checkLength(int length) {
    if (length > TEXT_MAX) {
      throw new SealException.Malformed(
          "bad JSON: " + length + " characters are more than the " + TEXT_MAX + " allowed");
    }
  }

  /**
   * The canonical text of Map, List, String, Long, Integer, Boolean and {@link Null}; other types
   * are an IllegalArgumentException.
   */
  public static String write(Object value) {
    return write(value, 0);
  }

  private static String write(Object value, int depth) {
    if (depth > DEPTH_MAX) {
      throw new IllegalArgumentException("JSON nested deeper than " + DEPTH_MAX);
    }
    return switch (value) {
      case Null _ -> "null";
      case Boolean _, Long _, Integer _ -> value.toString();
      case String string -> quoted(string);
      case List<?> list ->
          list.stream().map(each -> write(each, depth + 1)).collect(joining(",", "[", "]"));
      case Map<?, ?> map ->
          new TreeMap<>(map) // String's order is by UTF-16 unit
              .entrySet().stream()
                  .map(
                      each ->
                          quoted((String) each.getKey()) + ":" + write(each.getValue(), depth + 1))
                  .collect(joining(",", "{", "}"));
      default ->
          throw new IllegalArgumentException("no JSON form for " + value.getClass().getName());
    };
  }

  private static String quoted(String string) {
    StringBuilder out = new StringBuilder().append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      int named = NAMED.indexOf(c);
      if (named >= 0 && c != '/') {
        out.append('\\').append(NAMES.charAt(named));
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    checkSurrogates(string);
    return out.append('"').toString();
  }

  private static void checkSurrogates(String string) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(string)) {
      throw new SealException.Malformed("bad JSON: a string with a lone surrogate");
    }
  }

  /** One pass, recursive to {@link #DEPTH_MAX}; allocates no more than a few times the text. */
  private static final class Parser {
    private static final Pattern INTEGER = Pattern.compile("-?(?:0|[1-9][0-9]{0,18}+)(?![0-9.eE])");

    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    Object value(int depth) {
      if (depth > DEPTH_MAX) {
        throw bad("nested deeper than " + DEPTH_MAX);
      }
      space();
      return switch (peek()) {
        case '{' -> object(depth);
        case '[' -> array(depth);
        case '"' -> string();
        case 't' -> word("true", true);
        case 'f' -> word("false", false);
        case 'n' -> word("null", Null.NULL);
        default -> integer();
      };
    }

    private Map<String, Object> object(int depth) {
      Map<String, Object> members = new LinkedHashMap<>();
      at++;
      while (!skip('}')) {
        if (!members.isEmpty()) {
          take(',');
        }
        space();
        String name = string();
        take(':');
        if (members.put(name, value(depth + 1)) != null) {
          throw bad("a name appears twice in one object");
        }
      }
      return members;
    }

    private List<Object> array(int depth) {
      List<Object> elements = new ArrayList<>();
      at++;
      while (!skip(']')) {
        if (!elements.isEmpty()) {
          take(',');
        }
        elements.add(value(depth + 1));
      }
      return elements;
    }

    private String string() {
      if (next() != '"') {
        throw bad("a string expected");
      }
      StringBuilder out = new StringBuilder();
      for (char c = next(); c != '"'; c = next()) {
        if (c < ' ') {
          throw bad("a control character in a string");
        }
        out.append(c == '\\' ? escape() : c);
      }
      String string = out.toString();
      checkSurrogates(string);
      return string;
    }

    private char escape() {
      char c = next();
      if (c != 'u') {
        int named = NAMES.indexOf(c);
        if (named < 0) {
          throw bad("an unknown escape");
        }
        return NAMED.charAt(named);
      }
      int unit = 0;
      for (int i = 0; i < 4; i++) {
        char hex = next();
        if (!HexFormat.isHexDigit(hex)) {
          throw bad("four hexadecimal digits expected");
        }
        unit = unit << 4 | HexFormat.fromHexDigit(hex);
      }
      return (char) unit;
    }

    private Long integer() {
      Matcher integer = INTEGER.matcher(text).region(at, text.length());
      try {
        if (integer.lookingAt()) {
          at = integer.end();
          return Long.valueOf(integer.group());
        }
      } catch (NumberFormatException e) {
        // Beyond 64 bits: refused like whatever else is none.
      }
      throw bad("a value expected, numbers only as integers of 64 bits");
    }

    private Object word(String word, Object value) {
      if (!text.startsWith(word, at)) {
        throw bad("a value expected");
      }
      at += word.length();
      return value;
    }

    private void space() {
      while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private char peek() {
      if (at >= text.length()) {
        throw bad("it ends too early");
      }
      return text.charAt(at);
    }

    private char next() {
      char c = peek();
      at++;
      return c;
    }

    /** After white space. */
    private boolean skip(char c) {
      space();
      boolean there = peek() == c;
      at += there ? 1 : 0;
      return there;
    }

    private void take(char c) {
      if (!skip(c)) {
        throw bad("'" + c + "' expected");
      }
    }

    void end() {
      space();
      if (at != text.length()) {
        throw bad("something follows the value");
      }
    }

    /** Never quotes the text: it may be a secret's. */
    private SealException.Malformed bad(String reason) {
      return new SealException.Malformed("bad JSON at character " + at + ": " + reason);
    }
  }
}
