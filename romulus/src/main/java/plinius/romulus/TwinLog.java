package plinius.romulus;

import java.util.Arrays;
import plinius.pmem.PersistentMemory;

/**
 * Which bytes of one twin differ from the other: the redo log of Romulus, in volatile memory. Every
 * line is kept once, long ranges as ranges; past the cut-over only "everything up to the top" is
 * remembered, and then everything is written back and copied: a log that stops recording must not
 * stop the flushing.
 */
final class TwinLog {
  private static final int LINE_BYTES = PersistentMemory.LINE_BYTES;
  private static final int LINE_SHIFT = 6;

  /** From here on a store is kept as a range. */
  private static final int RANGE_LINES_MIN = 16;

  private final long[] recorded; // a bit a line: 2 KB for a MB of the twin, so that it stays cached
  private final long cutOverBytes;

  /**
   * First the lines that are due: copied already, and written back together with the next commit's
   * own, because a write-back of its own would hold up the body by its whole latency.
   */
  private int[] lines = new int[64];

  private int dueCount;
  private int lineCount;
  private int[] ranges = new int[16]; // first line, lines, ...
  private int rangeCount;
  private long loggedBytes;
  private boolean everything;
  private Runnable beforeFirst = () -> {};

  TwinLog(long twinBytes, long cutOverBytes) {
    long lines = twinBytes >> LINE_SHIFT;
    recorded = new long[Math.toIntExact((lines + 63) >> 6)];
    this.cutOverBytes = cutOverBytes;
  }

  /** What is to happen before the first store after {@link #copy} is recorded. */
  void beforeFirst(Runnable action) {
    beforeFirst = action;
  }

  boolean isEmpty() {
    return loggedBytes == 0;
  }

  /** Whether single lines and ranges are no longer told apart. */
  boolean isEverything() {
    return everything;
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
      if ((recorded[line >> 6] & 1L << line) == 0) {
        addLine(line);
      }
    }
  }

  private void addLine(int line) {
    if (everything) {
      return;
    }
    begin();
    recorded[line >> 6] |= 1L << line;
    if (lineCount == lines.length) {
      lines = Arrays.copyOf(lines, 2 * lineCount);
    }
    lines[lineCount++] = line;
    count(LINE_BYTES);
  }

  private void addRange(int first, int length) {
    if (everything) {
      return;
    }
    begin();
    boolean fresh = false;
    for (int line = first; line < first + length; line++) {
      fresh |= (recorded[line >> 6] & 1L << line) == 0;
      recorded[line >> 6] |= 1L << line;
    }
    if (!fresh) {
      return;
    }
    if (2 * rangeCount == ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * ranges.length);
    }
    ranges[2 * rangeCount] = first;
    ranges[2 * rangeCount + 1] = length;
    rangeCount++;
    count((long) length * LINE_BYTES);
  }

  private void begin() {
    if (loggedBytes == 0) {
      beforeFirst.run();
    }
  }

  private void count(long bytes) {
    loggedBytes += bytes;
    everything = loggedBytes > cutOverBytes;
  }

  /** Gives up on single lines: the twins may differ anywhere. */
  void addEverything() {
    everything = true;
    loggedBytes = Math.max(1, loggedBytes);
  }

  /**
   * Makes durable what is recorded of the twin at {@code base}; returns the bytes.
   *
   * @param other base of the twin to which this is to be copied
   * @param top end of what is in use in it, a multiple of a line or not
   */
  long persist(PersistentMemory memory, long base, long other, long top) {
    if (everything) {
      long bytes = wholeLines(top);
      memory.pwb(base, bytes);
      memory.pfence();
      return bytes;
    }
    for (int i = 0; i < rangeCount; i++) {
      memory.pwb(base + rangeOffset(i), rangeBytes(i));
    }
    memory.persistLines(base, lines, lineCount, other);
    long bytes = loggedBytes + (long) dueCount * LINE_BYTES;
    forgetDue();
    return bytes;
  }

  /**
   * Copies what is recorded from one twin to the other, begins to write it back there, and forgets
   * it. Single lines of the working twin are only due for that.
   *
   * @param working whether the other one is changed by the next transaction
   */
  long copy(PersistentMemory memory, long from, long to, long top, boolean working) {
    if (everything) {
      long bytes = wholeLines(top);
      memory.copy(from, to, bytes);
      memory.pwb(to, bytes);
      clear(0);
      return bytes;
    }
    writeBackDue(memory, to);
    for (int i = 0; i < rangeCount; i++) {
      memory.copy(from + rangeOffset(i), to + rangeOffset(i), rangeBytes(i));
      memory.pwb(to + rangeOffset(i), rangeBytes(i));
    }
    if (working) {
      memory.copyLines(from, to, lines, lineCount);
    } else {
      memory.streamLines(from, to, lines, lineCount);
    }
    long bytes = loggedBytes;
    clear(working ? lineCount : 0);
    return bytes;
  }

  /** After a transaction that was taken back: or each of them would add to what the next copies. */
  private void writeBackDue(PersistentMemory memory, long to) {
    for (int i = 0; i < dueCount; i++) {
      memory.pwb(to + ((long) lines[i] << LINE_SHIFT), LINE_BYTES);
    }
    forgetDue();
  }

  private void forgetDue() {
    lineCount -= dueCount;
    System.arraycopy(lines, dueCount, lines, 0, lineCount);
    dueCount = 0;
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

  private void clear(int due) {
    if (everything || rangeCount > 0) {
      Arrays.fill(recorded, 0);
    } else {
      for (int i = 0; i < lineCount; i++) {
        recorded[lines[i] >> 6] = 0;
      }
    }
    dueCount = due;
    lineCount = due;
    rangeCount = 0;
    loggedBytes = 0;
    everything = false;
  }
}
