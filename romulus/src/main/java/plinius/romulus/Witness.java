package plinius.romulus;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * Commits with one fence. What makes a commit cost two is that the word must not become durable
 * before the twin that it names. A witness is a word that is only believed as far as it is true: it
 * lies beside the changing word, a line for each twin, and says of which lines it speaks and what
 * they hold. So it may reach the medium before them: a crash in between leaves a witness that does
 * not fit its twin, and the state before counts. So do journals with checksums in their commit
 * records (Prabhakaran and others, "IRON File Systems", SOSP 2005); Quadra (Ramalhete, Correia and
 * Felber, PPoPP 2021) has one fence by other means.
 *
 * <p>It speaks of all lines that were written back since the last fence. If those are too many, or
 * not lines, or the medium is written back by the page, there are two fences and the word.
 *
 * <pre>
 *   0   a word, as the changing word; stored last, so in its line it is never ahead of the rest
 *   8   check of what follows and of the value
 *   16  sum over the lines
 *   24  10 numbers of lines of the twin, 4 bytes each; -1 where there are fewer
 * </pre>
 */
final class Witness {
  static final long OFFSET = PoolFormat.WORD_OFFSET + PersistentMemory.LINE_BYTES;
  static final int LINES_MAX = 10;
  private static final int LINE_BYTES = PersistentMemory.LINE_BYTES;
  private static final int CHECK = 8;
  private static final int SUM = 16;
  private static final int NUMBERS = 24;
  private static final int NONE = -1;

  private final PersistentMemory memory;
  private final PoolFormat.Header header;
  private final boolean possible;

  /** What was written back since the last fence: lines of one twin, more than fit if unknown. */
  private final int[] lines = new int[LINES_MAX];

  private final long[] sums = new long[LINES_MAX];
  private int count;

  // Which of them the log has recorded of a commit, and still has: none if that is not known.
  private int loggedFrom;
  private int loggedTo;

  Witness(PersistentMemory memory, PoolFormat.Header header) {
    this.memory = memory;
    this.header = header;
    possible = header.witnessed() && memory.medium().writeBack() != WriteBack.MSYNC;
  }

  // Sums are taken before lines are written back: a processor that loads from one then waits.

  /** What the log has recorded was changed in the twin at this base, and will be written back. */
  void addChanged(TwinLog log, long base) {
    loggedFrom = count;
    append(log, base);
    loggedTo = suffices() ? count : loggedFrom;
  }

  /** What the log has recorded is copied from the twin at this base, and will be written back. */
  void addOwed(TwinLog log, long base) {
    if (count > 0 || loggedFrom == loggedTo) {
      append(log, base);
    } else {
      for (int from = loggedFrom; from < loggedTo; from++) {
        lines[count] = lines[from];
        sums[count++] = sums[from];
      }
    }
    loggedTo = loggedFrom;
  }

  private void append(TwinLog log, long base) {
    int before = count;
    count = log.appendTo(lines, count);
    for (int i = before; suffices() && i < count; i++) {
      sums[i] = sum(base, lines[i]);
      for (int j = 0; j < before; j++) {
        sums[j] = lines[j] == lines[i] ? sums[i] : sums[j]; // changed since it was copied
      }
    }
  }

  /** Something else is written back. */
  void addOther() {
    count = LINES_MAX + 1;
  }

  /** A fence has waited for all of it. */
  void fenced() {
    count = 0;
  }

  /** Whether it can speak of all that was written back. */
  boolean suffices() {
    return possible && count <= LINES_MAX;
  }

  /** Says that a twin holds the state of a value, and begins to write that back. */
  void store(int twin, long value) {
    long place = place(twin);
    Arrays.fill(lines, count, LINES_MAX, NONE);
    for (int i = 0; i < LINES_MAX; i += 2) {
      memory.setLong(place + NUMBERS + (long) i * Integer.BYTES, pair(i));
    }
    long sum = sum();
    memory.setLong(place + SUM, sum);
    memory.setLong(place + CHECK, check(value, sum));
    VarHandle.releaseFence(); // stores to a line reach it as they are ordered, and Java orders none
    memory.setLong(place, PoolFormat.word(value));
    memory.pwb(place, LINE_BYTES);
  }

  /**
   * The newest value that is true, of the changing word and the witnesses.
   *
   * @param word value of the changing word
   */
  long newest(long word) {
    Protocol protocol = header.protocol();
    int later = protocol.order(value(0)) > protocol.order(value(1)) ? 0 : 1;
    for (int twin : new int[] {later, 1 - later}) {
      if (protocol.order(value(twin)) <= protocol.order(word)) {
        break; // outdated: it is not looked at
      }
      load(twin);
      if (sum() == memory.getLong(place(twin) + SUM)) {
        return value(twin);
      }
      // The commit that it was for did not come to its end. The one before did.
      PoolFormat.require(twin == later, "witness", "the lines that it names do not fit");
    }
    return word;
  }

  /**
   * A process that died before its fence leaves a witness that is true to all who can see the
   * caches. Before the word may say the same, what the witness speaks of must be durable: begins to
   * write that back. Returns whether there is a witness at all.
   */
  boolean writeBackLines(long value) {
    boolean any = false;
    for (int twin = 0; twin < 2; twin++) {
      any |= value(twin) != 0;
      if (any && value(twin) == value) {
        load(twin);
        memory.pwbLines(header.twin(twin), header.twin(twin), lines, count);
      }
    }
    return any;
  }

  /**
   * Begins to take the witnesses back, for which the word stands now: one that is not true could
   * become so by what is stored next.
   */
  void retire() {
    for (int twin = 0; twin < 2; twin++) {
      memory.setLong(place(twin), 0);
      memory.pwb(place(twin), Long.BYTES);
    }
  }

  private static long place(int twin) {
    return OFFSET + (long) twin * LINE_BYTES;
  }

  private long value(int twin) {
    long word = memory.getLong(place(twin));
    boolean sound = word == 0 || word == PoolFormat.word(word >>> 16);
    PoolFormat.require(sound, "witness", "its checksum does not fit");
    return word >>> 16;
  }

  /** Reads what a witness speaks of, instead of what was written back. */
  private void load(int twin) {
    loggedTo = loggedFrom;
    for (int i = 0; i < LINES_MAX; i++) {
      lines[i] = memory.getInt(place(twin) + NUMBERS + (long) i * Integer.BYTES);
    }
    boolean sound = header.protocol().committedTwin(value(twin)) == twin;
    for (count = 0; count < LINES_MAX && lines[count] != NONE; count++) {
      sound &= lines[count] >= 0 && lines[count] < header.twinBytes() / LINE_BYTES;
      sums[count] = sound ? sum(header.twin(twin), lines[count]) : 0;
    }
    long sum = memory.getLong(place(twin) + SUM);
    sound &= check(value(twin), sum) == memory.getLong(place(twin) + CHECK);
    PoolFormat.require(sound, "witness", "it is damaged");
  }

  private long check(long value, long sum) {
    long check = value;
    for (int i = 0; i < LINES_MAX; i += 2) {
      check = mix(check, pair(i));
    }
    return mix(check, sum);
  }

  /** Two numbers. */
  private long pair(int i) {
    return (lines[i] & 0xFFFF_FFFFL) | (long) lines[i + 1] << 32;
  }

  private long sum() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum = mix(sum, sums[i]);
    }
    return sum;
  }

  private long sum(long base, int line) {
    long offset = base + (long) line * LINE_BYTES;
    // By halves of halves, none of which waits for another.
    long a = mix(mix(line, memory.getLong(offset)), memory.getLong(offset + 8));
    long b = mix(memory.getLong(offset + 16), memory.getLong(offset + 24));
    long c = mix(memory.getLong(offset + 32), memory.getLong(offset + 40));
    long d = mix(memory.getLong(offset + 48), memory.getLong(offset + 56));
    return mix(mix(a, b), mix(c, d));
  }

  /**
   * One to one in either argument: so a sum notices surely if one word of all differs, and else but
   * for one in 2^64.
   */
  static long mix(long sum, long word) {
    long product = (Long.rotateLeft(sum, 29) + word) * 0x9E37_79B9_7F4A_7C15L;
    return product ^ product >>> 32;
  }
}
