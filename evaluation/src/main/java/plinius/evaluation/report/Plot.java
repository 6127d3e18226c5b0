package plinius.evaluation.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import plinius.evaluation.Figure;
import plinius.evaluation.Table;

/**
 * A figure as SVG. Every series carries the cells that it was drawn from (data-raw), so that a
 * figure can be compared with its table. Colours keep apart for the colour-blind (Okabe and Ito,
 * 2008), dashes and marks in print.
 */
final class Plot {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 330;
  private static final int LEFT = 58;
  private static final int RIGHT = 20; // half of a number at the last mark
  private static final int TOP = 12;
  private static final int BOTTOM = 52;
  private static final int LEGEND_LINE = 18;

  /** Beyond this many, marks hide the line. */
  private static final int MARKS_MAX = 60;

  private static final String[] COLOURS = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#000000", "#7f3fbf"
  };
  private static final String[] DASHES = {"", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 4", "6 6"};

  private final Figure figure;
  private final Map<String, List<String[]>> series;
  private final StringBuilder svg = new StringBuilder();

  private Plot(Figure figure, Map<String, List<String[]>> series) {
    this.figure = figure;
    this.series = series;
  }

  /** The figure as an svg element. */
  static String draw(Figure figure, Table table) {
    return new Plot(figure, series(figure, table)).draw();
  }

  /** The pairs of cells of each series, in the table's order. */
  static Map<String, List<String[]>> series(Figure figure, Table table) {
    int x = table.column(figure.x());
    int y = table.column(figure.y());
    Map<String, List<String[]>> series = new LinkedHashMap<>();
    for (List<String> row : table.rows()) {
      if (row.get(y).isEmpty()) {
        continue; // not measured: the table shows the gap, the line goes past it
      }
      String name = figure.series().map(column -> row.get(table.column(column))).orElse("");
      series
          .computeIfAbsent(name, any -> new ArrayList<>())
          .add(new String[] {row.get(x), row.get(y)});
    }
    return series;
  }

  private String draw() {
    List<String> legend = legend();
    int height = HEIGHT + LEGEND_LINE * legend.size();
    svg.append(
        "<svg role=\"img\" viewBox=\"0 0 %d %d\" xmlns=\"http://www.w3.org/2000/svg\">"
            .formatted(WIDTH, height));
    svg.append("<title>").append(Html.text(figure.title())).append("</title>");
    Scale y = verticalScale();
    if (figure.kind() == Figure.Kind.BARS) {
      bars(y);
    } else {
      lines(y);
    }
    references(y);
    for (int i = 0; i < legend.size(); i++) {
      svg.append(legend.get(i).replace("@", number(HEIGHT + LEGEND_LINE * i + 4)));
    }
    return svg.append("</svg>").toString();
  }

  private Scale verticalScale() {
    List<Double> values = new ArrayList<>();
    series.values().forEach(points -> points.forEach(p -> values.add(Double.parseDouble(p[1]))));
    figure.references().forEach(reference -> values.add(reference.value()));
    return Scale.over(figure.yAxis().scale(), values, true, HEIGHT - BOTTOM, TOP);
  }

  // ---------------------------------------------------------------- lines

  private void lines(Scale y) {
    List<Double> values = new ArrayList<>();
    series.values().forEach(points -> points.forEach(p -> values.add(Double.parseDouble(p[0]))));
    Scale x = Scale.over(figure.xAxis().scale(), values, false, LEFT, WIDTH - RIGHT);
    axes(y);
    for (double tick : x.ticks()) {
      double at = x.place(tick);
      svg.append(line(at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 4, "axis"));
      svg.append(text(at, HEIGHT - BOTTOM + 18, "middle", Scale.label(tick)));
    }
    int number = 0;
    for (Map.Entry<String, List<String[]>> entry : series.entrySet()) {
      series(entry.getKey(), entry.getValue(), number++, x, y);
    }
  }

  private void series(String name, List<String[]> points, int number, Scale x, Scale y) {
    group(name, points);
    StringBuilder path = new StringBuilder();
    double before = Double.NaN;
    for (String[] point : points) {
      double atX = x.place(Double.parseDouble(point[0]));
      double atY = y.place(Double.parseDouble(point[1]));
      if (figure.kind() == Figure.Kind.STEP && !Double.isNaN(before)) {
        path.append(number(atX)).append(',').append(number(before)).append(' ');
      }
      path.append(number(atX)).append(',').append(number(atY)).append(' ');
      before = atY;
    }
    svg.append(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>"
            .formatted(path.toString().strip(), colour(number), dash(name, number)));
    if (figure.kind() == Figure.Kind.LINE && points.size() <= MARKS_MAX) {
      for (String[] point : points) {
        svg.append(
            "<circle cx=\"%s\" cy=\"%s\" r=\"3\" fill=\"%s\"><title>%s</title></circle>"
                .formatted(
                    number(x.place(Double.parseDouble(point[0]))),
                    number(y.place(Double.parseDouble(point[1]))),
                    colour(number),
                    Html.text(point[0] + ": " + point[1])));
      }
    }
    svg.append("</g>");
  }

  // ---------------------------------------------------------------- bars

  private void bars(Scale y) {
    Set<String> places = new LinkedHashSet<>();
    series.values().forEach(points -> points.forEach(point -> places.add(point[0])));
    axes(y);
    double width = (double) (WIDTH - LEFT - RIGHT) / Math.max(1, places.size());
    double bar = width * 0.8 / Math.max(1, series.size());
    int place = 0;
    Map<String, Integer> placeOf = new LinkedHashMap<>();
    for (String name : places) {
      double centre = LEFT + width * (place + 0.5);
      svg.append(text(centre, HEIGHT - BOTTOM + 18, "middle", label(name)));
      placeOf.put(name, place++);
    }
    int number = 0;
    for (Map.Entry<String, List<String[]>> entry : series.entrySet()) {
      group(entry.getKey(), entry.getValue());
      for (String[] point : entry.getValue()) {
        double left = LEFT + width * placeOf.get(point[0]) + width * 0.1 + bar * number;
        double top = y.place(Double.parseDouble(point[1]));
        svg.append(
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"><title>%s</title></rect>"
                .formatted(
                    number(left),
                    number(top),
                    number(bar * 0.92),
                    number(Math.max(0.5, HEIGHT - BOTTOM - top)),
                    colour(number),
                    Html.text(entry.getKey() + " " + point[0] + ": " + point[1])));
      }
      svg.append("</g>");
      number++;
    }
  }

  /** A number is labelled as on an axis. */
  private static String label(String cell) {
    return cell.matches("-?[0-9.]+") ? Scale.label(Double.parseDouble(cell)) : cell;
  }

  // ---------------------------------------------------------------- what surrounds

  private void axes(Scale y) {
    for (double tick : y.ticks()) {
      double at = y.place(tick);
      svg.append(line(LEFT, at, WIDTH - RIGHT, at, "grid"));
      svg.append(text(LEFT - 6, at + 4, "end", Scale.label(tick)));
    }
    svg.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"));
    svg.append(
        text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - BOTTOM + 38, "middle", figure.xAxis().label()));
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    svg.append(
        "<text x=\"14\" y=\"%s\" text-anchor=\"middle\" transform=\"rotate(-90 14 %s)\">%s</text>"
            .formatted(number(middle), number(middle), Html.text(figure.yAxis().label())));
  }

  private void references(Scale y) {
    for (Figure.Reference reference : figure.references()) {
      double at = y.place(reference.value());
      svg.append(line(LEFT, at, WIDTH - RIGHT, at, "reference"));
      svg.append(text(WIDTH - RIGHT - 4, at - 4, "end", reference.label()));
    }
  }

  /** Lines with an @ for their height; none for a single series without a name. */
  private List<String> legend() {
    List<String> lines = new ArrayList<>();
    int number = 0;
    for (String name : series.keySet()) {
      if (!name.isEmpty()) {
        String mark =
            figure.kind() == Figure.Kind.BARS
                ? "<rect x=\"%d\" y=\"@\" width=\"22\" height=\"10\" fill=\"%s\" transform=\"translate(0 -9)\"/>"
                    .formatted(LEFT, colour(number))
                : "<path d=\"M%d @h26\" transform=\"translate(0 -4)\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>"
                    .formatted(LEFT, colour(number), dash(name, number));
        String words = figure.modelled().contains(name) ? name + " (a model, not measured)" : name;
        lines.add(mark + "<text x=\"%d\" y=\"@\">%s</text>".formatted(LEFT + 34, Html.text(words)));
      }
      number++;
    }
    return lines;
  }

  private void group(String name, List<String[]> points) {
    StringBuilder raw = new StringBuilder();
    for (String[] point : points) {
      raw.append(raw.isEmpty() ? "" : ";").append(point[0]).append(',').append(point[1]);
    }
    svg.append(
        "<g class=\"series\" data-series=\"%s\" data-raw=\"%s\">"
            .formatted(Html.text(name), Html.text(raw.toString())));
  }

  private String dash(String name, int number) {
    return figure.modelled().contains(name) ? "3 4" : DASHES[number % DASHES.length];
  }

  private static String colour(int number) {
    return COLOURS[number % COLOURS.length];
  }

  private static String line(double x1, double y1, double x2, double y2, String kind) {
    return "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" class=\"%s\"/>"
        .formatted(number(x1), number(y1), number(x2), number(y2), kind);
  }

  private static String text(double x, double y, String anchor, String words) {
    return "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
        .formatted(number(x), number(y), anchor, Html.text(words));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
