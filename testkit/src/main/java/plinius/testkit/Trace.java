package plinius.testkit;

import java.util.ArrayList;
import java.util.List;

/**
 * Everything that was done to a memory, in order, from a durable image on. What a crash may have
 * left at any instant follows from it ({@link CrashTester}), and so does what was written back in
 * vain or forgotten ({@link FlushLint}).
 */
public final class Trace {
  private final byte[] initial;
  private final Granularity granularity;
  private final List<Event> events;

  Trace(byte[] initial, Granularity granularity, List<Event> events) {
    this.initial = initial;
    this.granularity = granularity;
    this.events = List.copyOf(events);
  }

  /** What was durable before the first event; not to be changed. */
  byte[] initial() {
    return initial;
  }

  /** What reaches the medium as one. */
  public Granularity granularity() {
    return granularity;
  }

  /** In order. */
  public List<Event> events() {
    return events;
  }

  /** Fences waited for. */
  public long fences() {
    return events.stream().filter(Event.Fence.class::isInstance).count();
  }

  /**
   * The ordering instructions and, between them, which lines were stored to, as text: equal for two
   * memories to which a program did the same, however each splits its stores and write-backs.
   */
  public List<String> ordering() {
    List<String> lines = new ArrayList<>();
    for (Event event : events) {
      switch (event) {
        case Event.Store store -> addLines(lines, "store", store.offset(), store.bytes().length);
        case Event.Pwb pwb -> addLines(lines, "pwb", pwb.offset(), pwb.length());
        case Event.Fence fence -> lines.add("fence of thread " + fence.thread());
        case Event.HandOver over -> lines.add("hand-over of thread " + over.thread());
        case Event.Kill _ -> lines.add("kill");
        case Event.Mark mark -> lines.add("promise of state " + mark.state());
      }
    }
    return lines;
  }

  private void addLines(List<String> lines, String what, long offset, long length) {
    for (long unit = offset / granularity.bytes();
        unit <= (offset + length - 1) / granularity.bytes();
        unit++) {
      String line = what + " " + unit;
      if (lines.isEmpty() || !lines.getLast().equals(line)) {
        lines.add(line);
      }
    }
  }
}
