package plinius.evaluation.spot;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows {@code price,index}, as the paper's trace has them; a row holds for one step. Indexes grow;
 * where some are missing, the price before them holds on, and the trace says how many.
 */
final class PriceRows {
  private PriceRows() {}

  static boolean knows(String line) {
    return line.matches("\\s*-?[0-9.eE+-]+\\s*,\\s*-?[0-9]+\\s*") || line.matches("price,index");
  }

  static Trace read(String name, String text, double stepSeconds) {
    List<Segment> segments = new ArrayList<>();
    List<String> remarks = new ArrayList<>();
    long before = Long.MIN_VALUE;
    long missing = 0;
    double at = 0;
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (line.isBlank() || (number == 1 && line.strip().equals("price,index"))) {
        continue;
      }
      String[] cells = line.split(",", -1);
      if (cells.length != 2) {
        throw Traces.malformed(
            name, number, "want price,index, got \"" + Traces.shortened(line) + '"');
      }
      double price = Traces.price(name, number, cells[0]);
      long index = index(name, number, cells[1]);
      if (before != Long.MIN_VALUE && index <= before) {
        throw Traces.malformed(
            name,
            number,
            index == before
                ? "index " + index + " is there twice; remove one of the two rows"
                : "index " + index + " after " + before + "; sort the rows by index");
      }
      if (before != Long.MIN_VALUE && index > before + 1) {
        long hole = index - before - 1;
        missing += hole;
        Segment last = segments.removeLast();
        at = last.to() + hole * stepSeconds;
        segments.add(new Segment(last.from(), at, Segment.ANY, last.price()));
      }
      before = index;
      segments.add(new Segment(at, at + stepSeconds, Segment.ANY, price));
      at += stepSeconds;
    }
    if (segments.isEmpty()) {
      throw Traces.malformed(name, number, "no row at all");
    }
    remarks.add(segments.size() + " rows, a row holds for " + (long) stepSeconds + " s");
    if (missing > 0) {
      remarks.add(missing + " indexes are missing; the price before them holds on");
    }
    return new Trace(name, segments, remarks);
  }

  private static long index(String name, int line, String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw Traces.malformed(
          name, line, "want a whole number as index, got \"" + Traces.shortened(text) + '"');
    }
  }
}
