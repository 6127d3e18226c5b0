package plinius.darknet.cfg;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One key of a section: how its value is written, its limits and its default.
 *
 * @param name as in the file
 * @param kind how its value is read
 * @param byDefault the value, normalised, when the file does not say; empty = none
 * @param min smallest number allowed, for numbers and lists of them
 * @param max largest number allowed
 * @param words the values allowed, for {@link Kind#WORD}
 */
public record Key(
    String name, Kind kind, String byDefault, double min, double max, List<String> words) {

  /** How a value is read. Floats are read as C's atof would and rounded to binary32. */
  public enum Kind {
    /** A whole number. */
    INTEGER("a whole number"),
    /** A number. */
    FLOAT("a number"),
    /** 0 or 1. */
    FLAG("0 or 1"),
    /** One of some words. */
    WORD("a word"),
    /** Whole numbers with commas between. */
    INTEGERS("whole numbers with commas between"),
    /** Numbers with commas between. */
    FLOATS("numbers with commas between"),
    /** Any text. */
    TEXT("a text");

    final String described;

    Kind(String described) {
      this.described = described;
    }
  }

  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,18}");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,4})?");
  private static final Pattern HEX =
      Pattern.compile("[+-]?0[xX]([0-9a-fA-F]+\\.?[0-9a-fA-F]*|\\.[0-9a-fA-F]+)[pP][+-]?\\d{1,4}");

  /** No value is longer: a number needs less, and a list of steps is short. */
  private static final int MAX_LENGTH = 4096;

  /** Copies the words. */
  public Key {
    words = List.copyOf(words);
  }

  /**
   * A key by its notation, {@code name:values=default}. Values are {@code flag}, {@code text},
   * {@code float}, {@code min..max} of whole numbers, where Mi multiplies by 2^20, {@code
   * minf..maxf} of others, or {@code this|that}; [] behind makes a list of them.
   */
  static Key of(String notation) {
    String[] parts = notation.split("[:=]", -1);
    String name = parts[0];
    String byDefault = parts.length > 2 ? parts[2] : "";
    boolean list = parts[1].endsWith("[]");
    String values = list ? parts[1].substring(0, parts[1].length() - 2) : parts[1];
    if (values.equals("flag")) {
      return new Key(name, Kind.FLAG, "0", 0, 1, List.of());
    } else if (values.equals("text")) {
      return new Key(name, Kind.TEXT, "", 0, 0, List.of());
    } else if (values.contains("|")) {
      return new Key(name, Kind.WORD, byDefault, 0, 0, List.of(values.split("\\|", -1)));
    }
    String range = values.equals("float") ? "-3.4028235e38f..3.4028235e38f" : values;
    double[] limits = Arrays.stream(range.split("\\.\\.", -1)).mapToDouble(Key::limit).toArray();
    boolean whole = !range.endsWith("f");
    Kind kind = whole ? list ? Kind.INTEGERS : Kind.INTEGER : list ? Kind.FLOATS : Kind.FLOAT;
    String normal = whole || list ? byDefault : Float.toString(Float.parseFloat(byDefault));
    return new Key(name, kind, normal, limits[0], limits[1], List.of());
  }

  private static double limit(String written) {
    return written.endsWith("Mi")
        ? Long.parseLong(written.substring(0, written.length() - 2)) * 0x1p20
        : written.endsWith("f") ? Float.parseFloat(written) : Double.parseDouble(written);
  }

  /**
   * The value in its one normal spelling.
   *
   * @throws IllegalArgumentException that says what is wrong with it, and what is known
   */
  public String normalise(String value) {
    require(value.length() <= MAX_LENGTH, "is longer than " + MAX_LENGTH + " characters");
    return switch (kind) {
      case INTEGER, FLAG -> integer(value);
      case FLOAT -> decimal(value);
      case INTEGERS -> list(value, this::integer);
      case FLOATS -> list(value, this::decimal);
      case TEXT -> value;
      case WORD -> {
        require(words.contains(value), "is not known" + known(words));
        yield value;
      }
    };
  }

  /** The end of a sentence about an unknown word. */
  static String known(Collection<String> words) {
    return ". Known: " + String.join(", ", words) + ".";
  }

  private static void require(boolean right, String problem) {
    if (!right) {
      throw new IllegalArgumentException(problem);
    }
  }

  private static String list(String value, UnaryOperator<String> each) {
    return Arrays.stream(value.split(",", -1)).map(each).collect(Collectors.joining(","));
  }

  private String integer(String value) {
    // Not every digit of Unicode, which parseLong would take: the original takes these.
    require(WHOLE.matcher(value).matches(), "is not " + kind.described + ".");
    long number = Long.parseLong(value);
    boolean inside = number >= min && number <= max;
    require(inside, "is outside %s to %s.".formatted((long) min, (long) max));
    return Long.toString(number);
  }

  private String decimal(String value) {
    boolean written = DECIMAL.matcher(value).matches() || HEX.matcher(value).matches();
    require(written, "is not " + kind.described + ".");
    // Rounded twice, decimal to double to float, as the original's (float)atof() does.
    float number = (float) Double.parseDouble(value);
    boolean inside = Float.isFinite(number) && number >= (float) min && number <= (float) max;
    require(inside, "is outside %s to %s.".formatted((float) min, (float) max));
    return Float.toString(number == 0 ? 0f : number);
  }
}
