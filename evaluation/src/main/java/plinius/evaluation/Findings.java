package plinius.evaluation;

import java.util.ArrayList;
import java.util.List;

/**
 * What an experiment found: raw data, how to draw it, claims, and what has to be said beside them.
 *
 * @param tables raw data, written as NAME.csv each
 * @param figures how to draw columns of these tables
 * @param claims measured values beside their bars and the paper's
 * @param notes what a reader must know to judge the values: emulation, models, rules, what is
 *     missing
 */
public record Findings(
    List<Table> tables, List<Figure> figures, List<Claim> claims, List<String> notes) {

  public Findings {
    tables = List.copyOf(tables);
    figures = List.copyOf(figures);
    claims = List.copyOf(claims);
    notes = List.copyOf(notes);
    for (Figure figure : figures) {
      Table table = table(tables, figure.table());
      table.column(figure.x());
      table.column(figure.y());
      figure.series().ifPresent(table::column);
    }
  }

  /** The table of this name. */
  public Table table(String name) {
    return table(tables, name);
  }

  private static Table table(List<Table> tables, String name) {
    return tables.stream()
        .filter(table -> table.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no table " + name));
  }

  /** An experiment that could not run, and why. */
  static Findings unavailable(String why) {
    return new Findings(List.of(), List.of(), List.of(), List.of("Not run: " + why));
  }

  /** Collects findings in the order in which they come. */
  public static final class Builder {
    private final List<Table> tables = new ArrayList<>();
    private final List<Figure> figures = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    public Builder table(Table table) {
      tables.add(table);
      return this;
    }

    public Builder figure(Figure figure) {
      figures.add(figure);
      return this;
    }

    public Builder claim(Claim claim) {
      claims.add(claim);
      return this;
    }

    public Builder note(String note) {
      notes.add(note);
      return this;
    }

    public Findings build() {
      return new Findings(tables, figures, claims, notes);
    }
  }
}
