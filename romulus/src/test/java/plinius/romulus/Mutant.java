package plinius.romulus;

import java.util.function.UnaryOperator;
import plinius.pmem.PersistentMemory;
import plinius.testkit.CrashTester;
import plinius.testkit.ForwardingMemory;
import plinius.testkit.Granularity;
import plinius.testkit.OrderingSites;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * Mistakes that implementations of Romulus have made, or easily make, put into ours through the
 * memory that it works on. Each must be noticed.
 */
enum Mutant {
  /** Write-back in steps of a line from where a range begins: its last line is forgotten. */
  RANGES_LOSE_THEIR_LAST_LINE {
    @Override
    void crash(Protocol protocol) {
      scenarios(protocol, LosingLastLine::new).all(LIMIT);
    }
  },
  /** Back lies 40 bytes off the lines, so that a line of main is two there, and one is flushed. */
  BACK_IS_MISALIGNED {
    @Override
    void crash(Protocol protocol) {
      UnaryOperator<PersistentMemory> shift = MisalignedBack::new;
      SimulatedMemory memory =
          new SimulatedMemory(
              new byte[Story.POOL_BYTES + PersistentMemory.LINE_BYTES],
              Granularity.LINE,
              Tearing.LINES);
      Pool pool =
          Pool.format(shift.apply(memory), Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
      for (int i = 0; i < 3; i++) {
        memory.mark(Story.step(pool));
      }
      new CrashTester(
              (image, promise) -> {
                try {
                  return Story.checkAndContinue(shift.apply(image), promise);
                } catch (PoolException.NotFormatted before) {
                  return 0;
                }
              })
          .limit(LIMIT)
          .test(memory.trace());
    }
  },
  /** A transaction too large for the log is copied as a whole, and flushed no more. */
  CUT_OVER_STOPS_FLUSHING {
    @Override
    void crash(Protocol protocol) {
      Scenarios scenarios = scenarios(protocol, CutOverWithoutFlush::new);
      tester().test(scenarios.cutOver(scenarios.afterSteps(1)).trace());
    }
  },
  /** The next writer's fence does not wait for what this thread wrote back. */
  PLAIN_UNLOCK_BETWEEN_WRITERS {
    @Override
    void crash(Protocol protocol) {
      OrderingSites sites = new OrderingSites(Pool.class);
      UnaryOperator<PersistentMemory> seam =
          memory -> sites.dropping(memory, place -> place.startsWith("handOver"));
      tester().test(scenarios(protocol, seam).twoThreads().trace());
    }
  },
  /** Content is copied into the pool behind the log's back, as a plain memcpy does. */
  PLAIN_COPY_BYPASSES_THE_LOG {
    @Override
    void crash(Protocol protocol) {
      Scenarios scenarios = scenarios(protocol, DeafLog::new);
      tester().test(scenarios.steps(scenarios.afterSteps(1), 3, Granularity.LINE).trace());
    }
  },
  /** A fence that does nothing. */
  NO_FENCE_AT_ALL {
    @Override
    void crash(Protocol protocol) {
      OrderingSites sites = new OrderingSites(Pool.class);
      scenarios(protocol, memory -> sites.dropping(memory, place -> place.startsWith("pfence")))
          .all(LIMIT);
    }
  },
  /** A write-back that does nothing. */
  NO_FLUSH_AT_ALL {
    @Override
    void crash(Protocol protocol) {
      OrderingSites sites = new OrderingSites(Pool.class);
      scenarios(protocol, memory -> sites.dropping(memory, place -> place.startsWith("pwb")))
          .all(LIMIT);
    }
  },
  /** What a transaction frees it allocates again, while the committed state still uses it. */
  EXTENT_REUSED_BY_THE_TRANSACTION_THAT_FREES_IT {
    @Override
    void crash(Protocol protocol) {
      Scenarios scenarios = scenarios(protocol, BlindToCommittedMap::new);
      tester().test(scenarios.steps(scenarios.afterSteps(2), 2, Granularity.LINE).trace());
    }
  };

  /** Images of an instant: single lines missing or present find nearly everything. */
  static final long LIMIT = 12;

  /** Crashes the mutant; throws if it is noticed. */
  abstract void crash(Protocol protocol);

  private static CrashTester tester() {
    return new CrashTester(Story::checkAndContinue).limit(LIMIT);
  }

  private static Scenarios scenarios(Protocol protocol, UnaryOperator<PersistentMemory> seam) {
    return new Scenarios(protocol, seam);
  }

  private static boolean calledBy(String method) {
    return StackWalker.getInstance()
        .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals(method)));
  }

  private static final class LosingLastLine extends ForwardingMemory {
    LosingLastLine(PersistentMemory memory) {
      super(memory);
    }

    @Override
    public void pwb(long offset, long length) {
      for (long at = offset; at < offset + length; at += LINE_BYTES) {
        super.pwb(at, 1);
      }
    }
  }

  private static final class MisalignedBack extends ForwardingMemory {
    private static final long BACK = 8192L + Story.SMALL_TWIN_BYTES;
    private static final long BACK_END = BACK + Story.SMALL_TWIN_BYTES;
    private static final int SHIFT = 40;

    MisalignedBack(PersistentMemory memory) {
      super(memory);
    }

    private static long shifted(long offset) {
      return offset < BACK ? offset : offset < BACK_END ? offset + SHIFT : offset + LINE_BYTES;
    }

    @Override
    public long bytes() {
      return super.bytes() - LINE_BYTES;
    }

    @Override
    public long getLong(long offset) {
      return super.getLong(shifted(offset));
    }

    @Override
    public int getInt(long offset) {
      return super.getInt(shifted(offset));
    }

    @Override
    public void setLong(long offset, long value) {
      super.setLong(shifted(offset), value);
    }

    @Override
    public void setInt(long offset, int value) {
      super.setInt(shifted(offset), value);
    }

    @Override
    public void read(long offset, byte[] target, int at, int length) {
      super.read(shifted(offset), target, at, length);
    }

    @Override
    public void write(long offset, byte[] source, int at, int length) {
      super.write(shifted(offset), source, at, length);
    }

    @Override
    public void copy(long from, long to, long length) {
      super.copy(shifted(from), shifted(to), length);
    }

    @Override
    public void fill(long offset, long length, byte value) {
      super.fill(shifted(offset), length, value);
    }

    @Override
    public void pwb(long offset, long length) {
      for (long at = offset; at < offset + length; at += LINE_BYTES) {
        super.pwb(shifted(at), 1); // one line for one: in back there are two
      }
    }
  }

  private static final class CutOverWithoutFlush extends ForwardingMemory {
    CutOverWithoutFlush(PersistentMemory memory) {
      super(memory);
    }

    @Override
    public void pwb(long offset, long length) {
      if (length < 4096 || !calledBy("writeBack")) {
        super.pwb(offset, length);
      }
    }
  }

  private static final class DeafLog extends ForwardingMemory {
    DeafLog(PersistentMemory memory) {
      super(memory);
    }

    /** Lines in which the story keeps its slots: the log never hears of them. */
    private int[] heard(int[] lines, int count) {
      long root = Heap.BLOCKS_OFFSET; // the story's root is the largest block behind the map
      int[] kept = new int[count];
      int n = 0;
      for (int i = 0; i < count; i++) {
        long offset = (long) lines[i] * LINE_BYTES - root;
        if (offset < 2 * LINE_BYTES || offset > 4 * LINE_BYTES) {
          kept[n++] = lines[i];
        }
      }
      return java.util.Arrays.copyOf(kept, n);
    }

    @Override
    public void pwbLines(long base, long next, int[] lines, int count) {
      int[] heard = heard(lines, count);
      super.pwbLines(base, next, heard, heard.length);
    }

    @Override
    public void copyLines(long from, long to, int[] lines, int count) {
      int[] heard = heard(lines, count);
      super.copyLines(from, to, heard, heard.length);
    }
  }

  private static final class BlindToCommittedMap extends ForwardingMemory {
    BlindToCommittedMap(PersistentMemory memory) {
      super(memory);
    }

    @Override
    public long getLong(long offset) {
      return calledBy("committed") ? 0 : super.getLong(offset);
    }
  }
}
