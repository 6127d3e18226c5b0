package plinius.benchmarks.pm;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lines in panels, both axes logarithmic, as an SVG file that needs nothing else. */
final class Chart {
  /** A point of a line. */
  record Point(double x, double y) {}

  /** A panel: a title, and lines by their names. */
  record Panel(String title, String x, String y, Map<String, List<Point>> lines) {}

  private static final int WIDTH = 420;
  private static final int HEIGHT = 280;
  private static final int LEFT = 64;
  private static final int BOTTOM = 44;
  private static final int TOP = 28;
  private static final int RIGHT = 12;
  private static final String[] COLOURS = {"#1b6ca8", "#c44536", "#3a7d44", "#7d5ba6"};

  private Chart() {}

  /** Two panels a row. */
  static String svg(List<Panel> panels) {
    int rows = (panels.size() + 1) / 2;
    StringBuilder svg = new StringBuilder();
    svg.append(
        format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">%n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
            2 * WIDTH, rows * HEIGHT, 2 * WIDTH, rows * HEIGHT));
    for (int i = 0; i < panels.size(); i++) {
      svg.append(format("<g transform=\"translate(%d %d)\">%n", i % 2 * WIDTH, i / 2 * HEIGHT));
      panel(svg, panels.get(i));
      svg.append("</g>\n");
    }
    return svg.append("</svg>\n").toString();
  }

  private static void panel(StringBuilder svg, Panel panel) {
    List<Point> all = panel.lines().values().stream().flatMap(List::stream).toList();
    int left = decade(all.stream().mapToDouble(Point::x).min().orElse(1), false);
    int right =
        Math.max(left + 1, decade(all.stream().mapToDouble(Point::x).max().orElse(10), true));
    int low = decade(all.stream().mapToDouble(Point::y).min().orElse(1), false);
    int high = Math.max(low + 1, decade(all.stream().mapToDouble(Point::y).max().orElse(10), true));
    svg.append(
        format(
            "<text x=\"%d\" y=\"18\" font-weight=\"bold\">%s</text>%n",
            LEFT, escaped(panel.title())));
    svg.append(
        format(
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
            WIDTH - RIGHT, HEIGHT - 8, escaped(panel.x())));
    svg.append(
        format(
            "<text transform=\"translate(12 %d) rotate(-90)\">%s</text>%n",
            HEIGHT - BOTTOM, escaped(panel.y())));
    for (int power = left; power <= right; power++) {
      double x = place(power, left, right, LEFT, WIDTH - RIGHT);
      grid(svg, x, TOP, x, HEIGHT - BOTTOM);
      svg.append(
          format(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
              x, HEIGHT - BOTTOM + 14, label(power)));
    }
    for (int power = low; power <= high; power++) {
      double y = place(power, low, high, HEIGHT - BOTTOM, TOP);
      grid(svg, LEFT, y, WIDTH - RIGHT, y);
      svg.append(
          format(
              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
              LEFT - 4, y + 4, label(power)));
    }
    int number = 0;
    for (Map.Entry<String, List<Point>> line : panel.lines().entrySet()) {
      String colour = COLOURS[number % COLOURS.length];
      svg.append(
          format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour));
      for (Point point : line.getValue()) {
        svg.append(
            format(
                "%.1f,%.1f ",
                place(Math.log10(point.x()), left, right, LEFT, WIDTH - RIGHT),
                place(Math.log10(point.y()), low, high, HEIGHT - BOTTOM, TOP)));
      }
      svg.append("\"/>\n");
      svg.append(
          format(
              "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n",
              LEFT + 8, TOP + 14 + 14 * number, colour, escaped(line.getKey())));
      number++;
    }
  }

  /** Names hold paths, and those any character. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static int decade(double value, boolean up) {
    double power = Math.log10(value);
    return (int) (up ? Math.ceil(power) : Math.floor(power));
  }

  private static double place(double value, int from, int to, int start, int end) {
    return start + (value - from) / (to - from) * (end - start);
  }

  private static void grid(StringBuilder svg, double x1, double y1, double x2, double y2) {
    svg.append(
        format(
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
            x1, y1, x2, y2));
  }

  private static String label(int power) {
    return power >= -2 && power <= 3
        ? format(power < 0 ? "%." + -power + "f" : "%.0f", Math.pow(10, power))
        : "1e" + power;
  }

  @SuppressWarnings(
      "AnnotateFormatMethod") // the annotation lies in a library that is not ours to need
  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
