package plinius.darknet.cfg;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

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

  static Key integer(String name, long byDefault, long min, long max) {
    return new Key(name, Kind.INTEGER, Long.toString(byDefault), min, max, List.of());
  }

  static Key decimal(String name, double byDefault, double min, double max) {
    return new Key(name, Kind.FLOAT, Float.toString((float) byDefault), min, max, List.of());
  }

  static Key decimal(String name, double byDefault) {
    return decimal(name, byDefault, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  static Key flag(String name) {
    return new Key(name, Kind.FLAG, "0", 0, 1, List.of());
  }

  static Key word(String name, String byDefault, List<String> words) {
    return new Key(name, Kind.WORD, byDefault, 0, 0, words);
  }

  static Key integers(String name, long min, long max) {
    return new Key(name, Kind.INTEGERS, "", min, max, List.of());
  }

  static Key decimals(String name) {
    return new Key(name, Kind.FLOATS, "", -Float.MAX_VALUE, Float.MAX_VALUE, List.of());
  }

  static Key text(String name) {
    return new Key(name, Kind.TEXT, "", 0, 0, List.of());
  }

  /** The value in its one normal spelling, or what is wrong with it. */
  public Normalised normalise(String value) {
    if (value.length() > MAX_LENGTH) {
      return Normalised.wrong("is longer than " + MAX_LENGTH + " characters");
    }
    return switch (kind) {
      case INTEGER, FLAG -> integer(value);
      case FLOAT -> decimal(value);
      case INTEGERS, FLOATS -> list(value);
      case TEXT -> Normalised.right(value);
      case WORD ->
          words.contains(value)
              ? Normalised.right(value)
              : Normalised.wrong(
                  "is not known"
                      + Nearest.suggestion(value, words)
                      + " Known: "
                      + String.join(", ", words)
                      + ".");
    };
  }

  private Normalised list(String value) {
    StringBuilder normal = new StringBuilder();
    for (String item : value.split(",", -1)) {
      Normalised one = kind == Kind.INTEGERS ? integer(item) : decimal(item);
      if (one.problem().isPresent()) {
        return one;
      }
      normal.append(normal.isEmpty() ? "" : ",").append(one.text());
    }
    return Normalised.right(normal.toString());
  }

  private Normalised integer(String value) {
    // Not every digit of Unicode, which parseLong would take: the original takes these.
    if (!WHOLE.matcher(value).matches()) {
      return Normalised.wrong("is not " + kind.described + ".");
    }
    long number = Long.parseLong(value);
    if (number < min || number > max) {
      return Normalised.wrong(
          String.format(Locale.ROOT, "is outside %d to %d.", (long) min, (long) max));
    }
    return Normalised.right(Long.toString(number));
  }

  private Normalised decimal(String value) {
    if (!DECIMAL.matcher(value).matches() && !HEX.matcher(value).matches()) {
      return Normalised.wrong("is not " + kind.described + ".");
    }
    // Rounded twice, decimal to double to float, as the original's (float)atof() does.
    float number = (float) Double.parseDouble(value);
    if (!Float.isFinite(number) || number < (float) min || number > (float) max) {
      return Normalised.wrong(
          "is outside " + Float.toString((float) min) + " to " + Float.toString((float) max) + ".");
    }
    return Normalised.right(Float.toString(number == 0 ? 0f : number));
  }

  /**
   * A value in its normal spelling, or the problem with it.
   *
   * @param text the value
   * @param problem what is wrong and what is known
   */
  public record Normalised(String text, Optional<String> problem) {
    static Normalised right(String text) {
      return new Normalised(text, Optional.empty());
    }

    static Normalised wrong(String problem) {
      return new Normalised("", Optional.of(problem));
    }
  }
}
