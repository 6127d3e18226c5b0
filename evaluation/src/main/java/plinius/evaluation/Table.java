package plinius.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Raw data: named columns of text cells, kept as CSV (RFC 4180, with line feeds).
 *
 * @param name of the file, without .csv
 */
public record Table(String name, List<String> columns, List<List<String>> rows) {

  public Table {
    columns = List.copyOf(columns);
    List<List<String>> copied = new ArrayList<>();
    for (List<String> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            name + ": a row of " + row.size() + " cells under " + columns.size() + " columns");
      }
      copied.add(List.copyOf(row));
    }
    rows = List.copyOf(copied);
  }

  /** A table that grows. */
  public static Rows of(String name, String... columns) {
    return new Rows(name, List.of(columns));
  }

  /** Rows that are being collected. */
  public static final class Rows {
    private final String name;
    private final List<String> columns;
    private final List<List<String>> rows = new ArrayList<>();

    private Rows(String name, List<String> columns) {
      this.name = name;
      this.columns = columns;
    }

    /** Adds a row; numbers are written so that they read back as themselves. */
    public Rows add(Object... cells) {
      List<String> row = new ArrayList<>();
      for (Object cell : cells) {
        row.add(cell(cell));
      }
      rows.add(row);
      return this;
    }

    public Table done() {
      return new Table(name, columns, rows);
    }
  }

  private static String cell(Object value) {
    if (value instanceof Double number) {
      // Six digits that count are more than any measurement here has.
      double rounded = Double.parseDouble(String.format(Locale.ROOT, "%.6g", number));
      return Math.rint(rounded) == rounded && Math.abs(rounded) < 1e15
          ? Long.toString((long) rounded)
          : Double.toString(rounded);
    }
    return String.valueOf(value);
  }

  /**
   * Where a column stands.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public int column(String column) {
    int index = columns.indexOf(column);
    if (index < 0) {
      throw new IllegalArgumentException(
          "table " + name + " has no column " + column + " but " + columns);
    }
    return index;
  }

  /** The numbers of a column, of the rows that are wanted. */
  public double[] numbers(String column, Predicate<Row> wanted) {
    int index = column(column);
    return rows.stream()
        .filter(row -> wanted.test(new Row(this, row)))
        .mapToDouble(row -> Double.parseDouble(row.get(index)))
        .toArray();
  }

  /** The median of {@link #numbers}. */
  public double median(String column, Predicate<Row> wanted) {
    return Statistics.median(numbers(column, wanted));
  }

  /** A row with its columns' names. */
  public record Row(Table table, List<String> cells) {
    public String get(String column) {
      return cells.get(table.column(column));
    }

    public double number(String column) {
      return Double.parseDouble(get(column));
    }

    /** Whether a column holds this. */
    public boolean is(String column, Object value) {
      return get(column).equals(cell(value));
    }
  }

  /** The table as CSV. */
  public String csv() {
    StringBuilder text = new StringBuilder();
    line(text, columns);
    rows.forEach(row -> line(text, row));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    String separator = "";
    for (String cell : cells) {
      text.append(separator);
      text.append(
          cell.matches("(?s).*[\",\n\r].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
      separator = ",";
    }
    text.append('\n');
  }

  /** Writes NAME.csv into a folder. */
  void write(Path folder) {
    try {
      Files.writeString(folder.resolve(name + ".csv"), csv());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads what {@link #csv} wrote. */
  public static Table parse(String name, String csv) {
    List<List<String>> lines = new ArrayList<>();
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < csv.length(); i++) {
      char c = csv.charAt(i);
      if (quoted) {
        if (c == '"' && i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
          cell.append('"');
          i++;
        } else if (c == '"') {
          quoted = false;
        } else {
          cell.append(c);
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',' || c == '\n') {
        cells.add(cell.toString());
        cell.setLength(0);
        if (c == '\n') {
          lines.add(cells);
          cells = new ArrayList<>();
        }
      } else {
        cell.append(c);
      }
    }
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(name + ".csv has no line of column names");
    }
    return new Table(name, lines.getFirst(), lines.subList(1, lines.size()));
  }
}
