package plinius.romulus;

import java.util.Arrays;
import plinius.pmem.PersistentMemory;

/**
 * Which bytes of the working twin differ from the committed one: the redo log of Romulus, in
 * volatile memory. Single lines are kept once each, long ranges as ranges; past the cut-over only
 * "everything up to the top" is remembered, and then everything is written back and copied: a log
 * that stops recording must not stop the flushing.
 */
final class TwinLog {
  private static final int LINE_BYTES = PersistentMemory.LINE_BYTES;
  private static final int LINE_SHIFT = 6;

  /** From here on a store is kept as a range. */
  private static final int RANGE_LINES_MIN = 16;

  /** What is done with each piece of the twin; both are multiples of a line. */
  @FunctionalInterface
  interface Piece {
    void at(long offset, long bytes);
  }

  private final int[] stamps; // one a line: the round in which it was last recorded
  private final long cutOverBytes;
  private int round = 1;
  private int[] lines = new int[64];
  private int lineCount;
  private long[] ranges = new long[16]; // offset, bytes, ...
  private int rangeCount;
  private long loggedBytes;

  TwinLog(long twinBytes, long cutOverBytes) {
    stamps = new int[Math.toIntExact(twinBytes >> LINE_SHIFT)];
    this.cutOverBytes = cutOverBytes;
  }

  boolean isEmpty() {
    return loggedBytes == 0;
  }

  /** Records a store, before or after it happens. */
  void add(long offset, long bytes) {
    if (bytes == 0 || loggedBytes > cutOverBytes) {
      return;
    }
    int first = (int) (offset >> LINE_SHIFT);
    int last = (int) ((offset + bytes - 1) >> LINE_SHIFT);
    if (last - first >= RANGE_LINES_MIN) {
      addRange((long) first << LINE_SHIFT, (last - first + 1L) << LINE_SHIFT);
      return;
    }
    for (int line = first; line <= last; line++) {
      if (stamps[line] != round) {
        stamps[line] = round;
        if (lineCount == lines.length) {
          lines = Arrays.copyOf(lines, 2 * lineCount);
        }
        lines[lineCount++] = line;
        loggedBytes += LINE_BYTES;
      }
    }
  }

  private void addRange(long offset, long bytes) {
    if (2 * rangeCount == ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * ranges.length);
    }
    ranges[2 * rangeCount] = offset;
    ranges[2 * rangeCount + 1] = bytes;
    rangeCount++;
    loggedBytes += bytes;
  }

  /** Visits everything recorded; {@code top} is the end of what either twin uses. */
  void forEach(long top, Piece piece) {
    if (loggedBytes > cutOverBytes) {
      piece.at(0, (top + LINE_BYTES - 1) & -LINE_BYTES);
      return;
    }
    for (int i = 0; i < lineCount; i++) {
      piece.at((long) lines[i] << LINE_SHIFT, LINE_BYTES);
    }
    for (int i = 0; i < rangeCount; i++) {
      piece.at(ranges[2 * i], ranges[2 * i + 1]);
    }
  }

  void clear() {
    lineCount = 0;
    rangeCount = 0;
    loggedBytes = 0;
    if (++round == 0) {
      Arrays.fill(stamps, 0);
      round = 1;
    }
  }
}
