package plinius.evaluation.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import plinius.evaluation.Figure;

/** From a value to a place between two edges, with round values to label. */
final class Scale {
  private static final int TICKS_WANTED = 6;
  private static final double[] STEPS = {1, 2, 2.5, 5, 10};

  private final boolean log;
  private final double low;
  private final double high;
  private final double from;
  private final double to;
  private final List<Double> ticks;

  private Scale(boolean log, double low, double high, double from, double to, List<Double> ticks) {
    this.log = log;
    this.low = low;
    this.high = high;
    this.from = from;
    this.to = to;
    this.ticks = List.copyOf(ticks);
  }

  /**
   * A scale that shows all of these values.
   *
   * @param withZero whether a linear scale begins at 0 where all values are above it
   * @param from where the lowest value is drawn
   * @param to where the highest is
   */
  static Scale over(
      Figure.Scale kind, List<Double> values, boolean withZero, double from, double to) {
    double low = values.stream().mapToDouble(v -> v).min().orElse(0);
    double high = values.stream().mapToDouble(v -> v).max().orElse(1);
    if (kind == Figure.Scale.LOG && low > 0) {
      return logarithmic(low, high, from, to);
    }
    if (withZero && low > 0) {
      low = 0;
    }
    if (low == high) {
      high = low + 1;
    }
    double step = step((high - low) / TICKS_WANTED);
    double first = Math.floor(low / step) * step;
    double last = Math.ceil(high / step) * step;
    List<Double> ticks = new ArrayList<>();
    for (long i = 0; first + i * step <= last + step / 2; i++) {
      ticks.add(first + i * step);
    }
    return new Scale(false, first, last, from, to, ticks);
  }

  private static double step(double least) {
    double magnitude = Math.pow(10, Math.floor(Math.log10(least)));
    for (double step : STEPS) {
      if (step * magnitude >= least) {
        return step * magnitude;
      }
    }
    return 10 * magnitude;
  }

  private static Scale logarithmic(double low, double high, double from, double to) {
    double first = Math.floor(Math.log10(low));
    double last = Math.max(first + 1, Math.ceil(Math.log10(high)));
    List<Double> ticks = new ArrayList<>();
    double[] within = last - first <= 2 ? new double[] {1, 2, 5} : new double[] {1};
    for (double decade = first; decade <= last; decade++) {
      for (double times : within) {
        double tick = times * Math.pow(10, decade);
        if (tick <= Math.pow(10, last)) {
          ticks.add(tick);
        }
      }
    }
    return new Scale(true, first, last, from, to, ticks);
  }

  double place(double value) {
    double at = log ? Math.log10(value) : value;
    return from + (at - low) / (high - low) * (to - from);
  }

  List<Double> ticks() {
    return ticks;
  }

  /** A value as short as it can be told. */
  static String label(double value) {
    double size = Math.abs(value);
    if (size >= 1e6) {
      return trimmed(value / 1e6) + "M";
    }
    if (size >= 1e4) {
      return trimmed(value / 1e3) + "k";
    }
    return size != 0 && size < 1e-3 ? String.format(Locale.ROOT, "%.0e", value) : trimmed(value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.4g", value);
    text = text.contains("e") ? String.format(Locale.ROOT, "%.4f", value) : text;
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }
}
