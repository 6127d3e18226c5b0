package plinius.evaluation.spot;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Rows {@code seconds,event,node}: start and evict change what is there; notice and rebalance are
 * read and not used, because nobody can rely on them. After the last row what is there stays for as
 * long as the trace was until then.
 */
final class EventTrace {
  private EventTrace() {}

  static boolean knows(String line) {
    return line.matches("\\s*-?[0-9.]+\\s*,\\s*[a-z]+\\s*(,.*)?")
        || line.strip().matches("(t|seconds),event,node");
  }

  static Trace read(String name, String text) {
    List<Segment> segments = new ArrayList<>();
    Set<String> there = new HashSet<>();
    double at = 0;
    int notices = 0;
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (line.isBlank() || (number == 1 && line.contains("event,node"))) {
        continue;
      }
      String[] cells = line.strip().split("\\s*,\\s*", -1);
      if (cells.length != 3 || cells[2].isEmpty()) {
        throw Traces.malformed(
            name, number, "want seconds,event,node, got \"" + Traces.shortened(line) + '"');
      }
      double time = time(name, number, cells[0]);
      if (time < at) {
        throw Traces.malformed(
            name, number, time + " s after " + at + " s; sort the rows by their time");
      }
      if (time > at) {
        segments.add(new Segment(at, time, there.size(), Double.NaN));
        at = time;
      }
      switch (cells[1]) {
        case "start" -> change(name, number, there.add(cells[2]), cells[2], "is there already");
        case "evict" -> change(name, number, there.remove(cells[2]), cells[2], "is not there");
        case "notice", "rebalance" -> notices++;
        default ->
            throw Traces.malformed(
                name, number, "want start, notice, rebalance or evict, got " + cells[1]);
      }
    }
    if (segments.isEmpty() && there.isEmpty()) {
      throw Traces.malformed(name, number, "no node is ever there");
    }
    segments.add(new Segment(at, Math.max(2 * at, at + 3600), there.size(), Double.NaN));
    List<String> remarks = new ArrayList<>();
    remarks.add("after the last row what is there stays for as long as the trace was until then");
    if (notices > 0) {
      remarks.add(notices + " notices are not used: training must not depend on them");
    }
    return new Trace(name, segments, remarks);
  }

  private static void change(String name, int line, boolean changed, String node, String not) {
    if (!changed) {
      throw Traces.malformed(name, line, "node " + node + " " + not);
    }
  }

  private static double time(String name, int line, String text) {
    try {
      double time = Double.parseDouble(text);
      if (Double.isFinite(time) && time >= 0) {
        return time;
      }
    } catch (NumberFormatException e) {
      // The same message as for a number that cannot be a time.
    }
    throw Traces.malformed(name, line, "want seconds since the beginning, got " + text);
  }
}
