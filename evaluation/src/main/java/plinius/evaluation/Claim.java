package plinius.evaluation;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A measured value beside its bar and the paper's.
 *
 * @param name what was measured
 * @param measured the value; empty where it could not be measured, and then a note says why
 * @param unit of the value, such as "x", "%" or "ms"; may be empty
 * @param bar what it is held against
 * @param paper the paper's value, or what it says; empty if it says nothing
 */
public record Claim(String name, OptionalDouble measured, String unit, Bar bar, String paper) {

  public Claim {
    if (measured.isPresent() && !Double.isFinite(measured.getAsDouble())) {
      throw new IllegalArgumentException(name + " is " + measured.getAsDouble());
    }
  }

  /** A value without a bar. */
  public static Claim of(String name, double measured, String unit, String paper) {
    return new Claim(name, OptionalDouble.of(measured), unit, new Bar(Bar.Kind.NONE, 0), paper);
  }

  /** A value that should not be below a bar. */
  public static Claim atLeast(double bar, String name, double measured, String unit, String paper) {
    return new Claim(
        name, OptionalDouble.of(measured), unit, new Bar(Bar.Kind.AT_LEAST, bar), paper);
  }

  /** A value that should not be above a bar. */
  public static Claim atMost(double bar, String name, double measured, String unit, String paper) {
    return new Claim(
        name, OptionalDouble.of(measured), unit, new Bar(Bar.Kind.AT_MOST, bar), paper);
  }

  /** Something that holds or does not. */
  public static Claim holds(String name, boolean holds, String paper) {
    return new Claim(name, OptionalDouble.of(holds ? 1 : 0), "", new Bar(Bar.Kind.HOLDS, 1), paper);
  }

  /**
   * What a value is held against.
   *
   * @param value in the claim's unit; 1 for {@link Kind#HOLDS}, without meaning for NONE
   */
  public record Bar(Kind kind, double value) {
    /** In which direction. */
    public enum Kind {
      AT_LEAST,
      AT_MOST,
      HOLDS,
      NONE
    }
  }

  /** Whether the bar is met; nothing without a bar or without a value. */
  public Optional<Boolean> met() {
    if (bar.kind() == Bar.Kind.NONE || measured.isEmpty()) {
      return Optional.empty();
    }
    double value = measured.getAsDouble();
    return Optional.of(
        switch (bar.kind()) {
          case AT_LEAST -> value >= bar.value();
          case AT_MOST -> value <= bar.value();
          case HOLDS -> value == 1;
          case NONE -> throw new IllegalStateException("handled above");
        });
  }

  /** The value for people. */
  public String measuredText() {
    if (measured.isEmpty()) {
      return "not measured";
    }
    if (bar.kind() == Bar.Kind.HOLDS) {
      return measured.getAsDouble() == 1 ? "yes" : "no";
    }
    return text(measured.getAsDouble(), unit);
  }

  /** The bar for people; empty without one. */
  public String barText() {
    return switch (bar.kind()) {
      case AT_LEAST -> "at least " + text(bar.value(), unit);
      case AT_MOST -> "at most " + text(bar.value(), unit);
      case HOLDS -> "yes";
      case NONE -> "";
    };
  }

  /** A value to three digits that count, or whole where it is large. */
  static String text(double value, String unit) {
    double size = Math.abs(value);
    String number =
        size >= 1000 || value == Math.rint(value)
            ? String.format(Locale.ROOT, "%,d", Math.round(value))
            : String.format(Locale.ROOT, size >= 100 ? "%.1f" : size >= 1 ? "%.2f" : "%.3g", value);
    return unit.isEmpty() ? number : unit.equals("x") ? number + "x" : number + " " + unit;
  }
}
