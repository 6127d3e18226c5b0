package plinius.ingest;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;

/**
 * A table of numbers, comma separated, one vector a line. A first line that holds no number is its
 * heading; empty lines are skipped.
 */
public final class CsvSource implements SampleSource {
  private final Path file;
  private final List<String> lines;
  private final int first;
  private final int columns;
  private final SampleKind kind;
  private final int labelColumn;
  private int line;

  private CsvSource(Path file, int labelColumn, int targets, int classes) {
    this.file = file;
    lines = Sources.lines(file);
    this.labelColumn = labelColumn;
    first = heading() ? 1 : 0;
    line = first;
    columns =
        lines.stream()
            .skip(first)
            .filter(each -> !each.isEmpty())
            .findFirst()
            .map(each -> each.split(",", -1).length)
            .orElseThrow(() -> new DataSetException.BadInput(file + " has no line of numbers"));
    int vector = columns - targets;
    if (vector < 1 || labelColumn >= columns) {
      throw new DataSetException.BadInput(
          file + " has " + columns + " columns: too few for a vector and what belongs to it");
    }
    kind =
        labelColumn >= 0
            ? new SampleKind(
                DataKind.VECTORS, 1, 1, vector, classes > 0 ? classes : highestClass() + 1, 1)
            : new SampleKind(DataKind.REGRESSION, 1, 1, vector, 1, targets);
  }

  /**
   * Vectors of one class each.
   *
   * @param labelColumn the column with the class number, from 0
   * @param classes how many there are; 0 for as many as the file shows
   */
  public static CsvSource classes(Path file, int labelColumn, int classes) {
    if (labelColumn < 0) {
      throw new DataSetException.BadInput("columns are counted from 0, got " + labelColumn);
    }
    return new CsvSource(file, labelColumn, 1, classes);
  }

  /** Vectors whose last columns are to be predicted from the others. */
  public static CsvSource targets(Path file, int targets) {
    if (targets < 1) {
      throw new DataSetException.BadInput("there is 1 target at least, got " + targets);
    }
    return new CsvSource(file, -1, targets, 0);
  }

  private boolean heading() {
    if (lines.isEmpty()) {
      return false;
    }
    for (String cell : lines.getFirst().split(",", -1)) {
      try {
        Float.parseFloat(cell.strip());
        return false;
      } catch (NumberFormatException e) {
        // Perhaps the others.
      }
    }
    return true;
  }

  private int highestClass() {
    int highest = 0;
    for (int i = first; i < lines.size(); i++) {
      if (!lines.get(i).isEmpty()) {
        highest = Math.max(highest, category(cells(i), i));
      }
    }
    return highest;
  }

  private int category(List<String> cells, int at) {
    int category = Sources.number(file, at + 1, cells.get(labelColumn));
    if (category < 0 || category >= SampleKind.CLASSES_MAX) {
      throw Sources.bad(file, at + 1, "there is no class " + category);
    }
    return category;
  }

  private List<String> cells(int at) {
    List<String> cells = new ArrayList<>();
    for (String cell : lines.get(at).split(",", -1)) {
      cells.add(cell.strip());
    }
    if (cells.size() != columns) {
      throw Sources.bad(
          file, at + 1, "it has " + cells.size() + " columns, the lines before " + columns);
    }
    return cells;
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return lines.stream().skip(first).filter(each -> !each.isEmpty()).count();
  }

  @Override
  public Optional<Sample> next() {
    while (line < lines.size() && lines.get(line).isEmpty()) {
      line++;
    }
    if (line == lines.size()) {
      return Optional.empty();
    }
    List<String> cells = cells(line);
    ByteBuffer values = ByteBuffer.allocate(kind.valueBytes());
    float[] targets = new float[kind.slots()];
    for (int i = 0; i < columns; i++) {
      if (i == labelColumn) {
        continue;
      }
      float value = Sources.decimal(file, line + 1, cells.get(i));
      if (values.hasRemaining()) {
        values.putFloat(value);
      } else {
        targets[i - kind.channels()] = value;
      }
    }
    Label label =
        labelColumn >= 0 ? new Label.Category(category(cells, line)) : new Label.Targets(targets);
    line++;
    return Optional.of(new Sample(values.array(), label));
  }

  @Override
  public void close() {
    // Everything was read when it was opened.
  }
}
