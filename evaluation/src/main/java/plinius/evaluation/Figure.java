package plinius.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How to draw two columns of a table.
 *
 * @param title what it shows, as a heading
 * @param table whose columns these are
 * @param x the column of the horizontal axis; text for {@link Kind#BARS}
 * @param y the column of the vertical axis
 * @param series the column that tells lines or bars of one place apart
 * @param xAxis words below the horizontal axis, and its scale
 * @param yAxis words beside the vertical axis, and its scale
 * @param references values that others report, as lines across
 * @param modelled series that are computed and not measured: drawn dashed and named so
 */
public record Figure(
    String title,
    String table,
    Kind kind,
    String x,
    String y,
    Optional<String> series,
    Axis xAxis,
    Axis yAxis,
    List<Reference> references,
    List<String> modelled) {

  public Figure {
    references = List.copyOf(references);
    modelled = List.copyOf(modelled);
  }

  /** How values become marks. */
  public enum Kind {
    /** Points joined by straight lines. */
    LINE,
    /** A value holds until the next one. */
    STEP,
    /** A bar for each text of x, side by side for each series. */
    BARS
  }

  /** How a number becomes a place. */
  public enum Scale {
    LINEAR,
    LOG
  }

  /** Words and scale of an axis. */
  public record Axis(String label, Scale scale) {
    public static Axis linear(String label) {
      return new Axis(label, Scale.LINEAR);
    }

    public static Axis log(String label) {
      return new Axis(label, Scale.LOG);
    }
  }

  /** A value that somebody else reports. */
  public record Reference(String label, double value) {}

  /** A figure of one series. */
  public static Figure of(
      String title, String table, Kind kind, String x, Axis xAxis, String y, Axis yAxis) {
    return new Figure(
        title, table, kind, x, y, Optional.empty(), xAxis, yAxis, List.of(), List.of());
  }

  /** This figure, with a line or bar for each value of a column. */
  public Figure by(String column) {
    return new Figure(
        title, table, kind, x, y, Optional.of(column), xAxis, yAxis, references, modelled);
  }

  /** This figure, with a value of others as a line across. */
  public Figure beside(String label, double value) {
    List<Reference> more = new ArrayList<>(references);
    more.add(new Reference(label, value));
    return new Figure(title, table, kind, x, y, series, xAxis, yAxis, more, modelled);
  }

  /** This figure, where these series are a model. */
  public Figure modelled(String... names) {
    return new Figure(title, table, kind, x, y, series, xAxis, yAxis, references, List.of(names));
  }
}
