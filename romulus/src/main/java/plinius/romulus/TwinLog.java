package plinius.romulus;

import java.util.Arrays;
import plinius.pmem.PersistentMemory;

/**
 * Which bytes of one twin differ from the other: the redo log of Romulus, in volatile memory. Every
 * line counts once, long ranges are kept as ranges; past the cut-over only "everything up to the
 * top" is remembered, and then everything is written back and copied: a log that stops recording
 * must not stop the flushing.
 */
final class TwinLog {
  private static final int LINE_BYTES = PersistentMemory.LINE_BYTES;
  private static final int LINE_SHIFT = 6;

  /** From here on a store is kept as a range. */
  private static final int RANGE_LINES_MIN = 16;

  /**
   * As a rule no transaction has more: then the compiler has not seen the log grow, and takes out
   * of a body's loops whatever stays the same in them.
   */
  private static final int LINES_AT_FIRST = 1 << 16;

  private final long[] recorded; // a bit a line: 2 KB for a MB of the twin, so that it stays cached
  private final int linesMax; // in lines and ranges, before the cut-over
  private int[] lines;
  private int lineCount;
  private int distinct; // so many of them are in recorded; those behind may come twice
  private int last = -1; // line
  private int room; // for how many of them nothing that is seldom needs to be looked at
  private int[] ranges = new int[16]; // first line, lines, ...
  private int rangeCount;
  private int rangeLines;
  private boolean everything;
  private boolean ready;
  private Runnable beforeFirst = () -> {};

  /**
   * An empty log.
   *
   * @param cutOverBytes from which on lines are no longer told apart
   */
  TwinLog(long twinBytes, long cutOverBytes) {
    recorded = new long[Math.toIntExact(((twinBytes >> LINE_SHIFT) + 63) >> 6)];
    linesMax = (int) (cutOverBytes / LINE_BYTES);
    lines = new int[Math.clamp(linesMax, 1, LINES_AT_FIRST)];
  }

  /** What is to happen before the first store after {@link #copy} is recorded. */
  void beforeFirst(Runnable action) {
    beforeFirst = action;
  }

  /** It has happened, or there is nothing. */
  void ready() {
    ready = true;
    room = everything ? lineCount : Math.min(lines.length, linesMax - rangeLines);
  }

  boolean isEmpty() {
    return lineCount == 0 && rangeCount == 0 && !everything;
  }

  /** Whether single lines and ranges are no longer told apart. */
  boolean isEverything() {
    return everything;
  }

  /** Records a store of an aligned word; called before it happens. */
  void addWord(long offset) {
    addLine((int) (offset >> LINE_SHIFT));
  }

  /** Records a store of at least one byte; called before it happens. */
  void add(long offset, long bytes) {
    int first = (int) (offset >> LINE_SHIFT);
    int last = (int) ((offset + bytes - 1) >> LINE_SHIFT);
    if (last - first >= RANGE_LINES_MIN) {
      addRange(first, last - first + 1);
      return;
    }
    for (int line = first; line <= last; line++) {
      addLine(line);
    }
  }

  /**
   * The path of every store, so it is short, and what happens seldom waits until there is no room:
   * the fewer instructions lie between one load of a body and the next, the more of them the
   * processor waits for at once. So a line is only compared with the one before. A call may change
   * every field, and the compiler keeps none across it: so what happens to each store after the
   * cut-over calls nothing.
   */
  private void addLine(int line) {
    if (line == last || (lineCount == room && (everything || !makeRoom(line)))) {
      return;
    }
    last = line;
    lines[lineCount++] = line;
  }

  /** Whether the line is to be added; then there is room. */
  private boolean makeRoom(int line) {
    if (!ready) {
      beforeFirst.run();
    } else {
      settle();
      if (isRecorded(line)) {
        return false;
      }
      everything = lineCount >= linesMax - rangeLines;
      if (!everything && lineCount > lines.length / 2) { // else there is room now
        lines = Arrays.copyOf(lines, 2 * lines.length);
      }
    }
    ready();
    return !everything;
  }

  /** From here on every line is there once. */
  private void settle() {
    int count = distinct;
    for (int i = distinct; i < lineCount; i++) {
      int line = lines[i];
      long word = recorded[line >> 6];
      if ((word & 1L << line) == 0) {
        recorded[line >> 6] = word | 1L << line;
        lines[count++] = line;
      }
    }
    lineCount = count;
    distinct = count;
  }

  private void addRange(int first, int length) {
    if (!ready) {
      makeRoom(first);
    }
    settle();
    for (int line = first; line < first + length && !everything; line++) {
      if (!isRecorded(line)) {
        everything = lineCount + rangeLines >= linesMax;
        extendRanges(line);
        recorded[line >> 6] |= 1L << line;
      }
    }
    ready(); // for fewer lines
  }

  private void extendRanges(int line) {
    int end = 2 * rangeCount;
    if (end > 0 && ranges[end - 2] + ranges[end - 1] == line) {
      ranges[end - 1]++;
    } else {
      if (end == ranges.length) {
        ranges = Arrays.copyOf(ranges, 2 * end);
      }
      ranges[end] = line;
      ranges[end + 1] = 1;
      rangeCount++;
    }
    rangeLines++;
  }

  private boolean isRecorded(int line) {
    return (recorded[line >> 6] & 1L << line) != 0;
  }

  /** Gives up on single lines: the twins may differ anywhere. */
  void addEverything() {
    everything = true;
    room = lineCount;
  }

  /**
   * Appends the numbers of the lines that are recorded to the first {@code count} of these; returns
   * how many there are then, more than fit if they do not fit.
   */
  int appendTo(int[] numbers, int count) {
    settle();
    if (everything || rangeCount > 0 || lineCount > numbers.length - count) {
      return numbers.length + 1;
    }
    for (int i = 0; i < lineCount; i++) {
      numbers[count + i] = lines[i]; // few, and just stored: a wide load would wait for that
    }
    return count + lineCount;
  }

  /**
   * Begins to write back what is recorded of the twin at {@code base}; returns the bytes.
   *
   * @param other base of the twin that it will be copied to
   * @param top end of what is in use in it, a multiple of a line or not
   */
  long writeBack(PersistentMemory memory, long base, long other, long top) {
    if (everything) {
      memory.pwb(base, wholeLines(top));
      return wholeLines(top);
    }
    settle();
    for (int i = 0; i < rangeCount; i++) {
      memory.pwb(base + rangeOffset(i), rangeBytes(i));
    }
    memory.pwbLines(base, other, lines, lineCount);
    return bytes();
  }

  /**
   * Copies what is recorded from one twin to the other, begins to write it back there, and forgets
   * it; returns the bytes.
   */
  long copy(PersistentMemory memory, long from, long to, long top) {
    settle(); // what was taken back
    long bytes = everything ? wholeLines(top) : bytes();
    if (everything) {
      memory.copy(from, to, bytes);
      memory.pwb(to, bytes);
    } else {
      for (int i = 0; i < rangeCount; i++) {
        memory.copy(from + rangeOffset(i), to + rangeOffset(i), rangeBytes(i));
        memory.pwb(to + rangeOffset(i), rangeBytes(i));
      }
      memory.copyLines(from, to, lines, lineCount);
    }
    clear();
    return bytes;
  }

  private long bytes() {
    return (long) (lineCount + rangeLines) << LINE_SHIFT;
  }

  private long rangeOffset(int range) {
    return (long) ranges[2 * range] << LINE_SHIFT;
  }

  private long rangeBytes(int range) {
    return (long) ranges[2 * range + 1] << LINE_SHIFT;
  }

  private static long wholeLines(long top) {
    return (top + LINE_BYTES - 1) & -LINE_BYTES;
  }

  private void clear() {
    if (everything || rangeCount > 0) {
      Arrays.fill(recorded, 0);
    } else {
      for (int i = 0; i < lineCount; i++) {
        recorded[lines[i] >> 6] = 0;
      }
    }
    lineCount = 0;
    distinct = 0;
    last = -1;
    room = 0;
    ready = false;
    rangeCount = 0;
    rangeLines = 0;
    everything = false;
  }
}
