package plinius.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;

/**
 * Persistent memory in a byte array that remembers everything that was done to it, so that {@link
 * CrashTester} can say what a crash may have left at any instant. Loads see every store at once, as
 * on the real thing. Thread-safe.
 *
 * <p>Stores are aligned words of 8 bytes at most, or what {@link Tearing} says.
 */
public class SimulatedMemory implements PersistentMemory {
  private final Granularity granularity;
  private final Tearing tearing;
  private final Random shuffling = new Random(1);
  private final byte[] initial;
  private final ByteBuffer now;
  private final List<Event> events = new ArrayList<>();
  private final Threads threads = new Threads();

  /** Not a monitor: virtual threads take turns in here too. */
  private final ReentrantLock lock = new ReentrantLock();

  private int fencesUntilFailure = Integer.MAX_VALUE;
  private boolean failed;
  private boolean stored;

  /** Memory that durably holds these bytes. */
  public SimulatedMemory(byte[] initial, Granularity granularity, Tearing tearing) {
    this(granularity, tearing, initial.clone());
  }

  /** Memory that durably holds zeros, whose stores are torn as finely as the hardware may. */
  public SimulatedMemory(int bytes, Granularity granularity) {
    this(granularity, Tearing.WORDS, new byte[bytes]);
  }

  /** Keeps the array, which nobody changes. */
  SimulatedMemory(Granularity granularity, Tearing tearing, byte[] initial) {
    this.granularity = Objects.requireNonNull(granularity);
    this.tearing = Objects.requireNonNull(tearing);
    this.initial = initial;
    this.now = ByteBuffer.wrap(initial.clone()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** What a machine finds after a crash that left this image. */
  public static SimulatedMemory of(byte[] image, Granularity granularity) {
    return new SimulatedMemory(image, granularity, Tearing.WORDS);
  }

  /** Notes that the caller may rely on everything up to this state; a lower number adds nothing. */
  public final void mark(int state) {
    note(new Event.Mark(state));
  }

  /**
   * The process dies and the machine lives: stores stay visible, but nobody waits any more for what
   * was written back.
   */
  public final void kill() {
    note(new Event.Kill());
  }

  /** The {@code count}-th fence from now on fails, and all after it. */
  public final void failFence(int count) {
    lock.lock();
    try {
      fencesUntilFailure = count;
    } finally {
      lock.unlock();
    }
  }

  /** What loads see now: what a process finds that is started after the death of this one. */
  public final byte[] visible() {
    lock.lock();
    try {
      return now.array().clone();
    } finally {
      lock.unlock();
    }
  }

  /** What was done so far. */
  public final Trace trace() {
    lock.lock();
    try {
      return new Trace(initial, granularity, events);
    } finally {
      lock.unlock();
    }
  }

  /** Whether anything was stored so far. */
  public final boolean wasStoredTo() {
    lock.lock();
    try {
      return stored;
    } finally {
      lock.unlock();
    }
  }

  /** Before these bytes are looked at, or stored to without covering whole lines. */
  void needed(long offset, long length) {
    // All of them are known.
  }

  /** Before these bytes are stored to. */
  void overwritten(long offset, long length) {
    // All of them are known.
  }

  /** The bytes that loads see; of {@link #needed} only. */
  final byte[] contents() {
    return now.array();
  }

  @Override
  public final long bytes() {
    return initial.length;
  }

  @Override
  public final boolean readOnly() {
    return false;
  }

  @Override
  public final Medium medium() {
    return new Medium(
        Medium.Kind.SIMULATED, granularity == Granularity.PAGE ? WriteBack.MSYNC : WriteBack.CLWB);
  }

  @Override
  public final long getLong(long offset) {
    lock.lock();
    try {
      int at = check(offset, Long.BYTES, Long.BYTES);
      needed(offset, Long.BYTES);
      return now.getLong(at);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final int getInt(long offset) {
    lock.lock();
    try {
      int at = check(offset, Integer.BYTES, Integer.BYTES);
      needed(offset, Integer.BYTES);
      return now.getInt(at);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void setLong(long offset, long value) {
    check(offset, Long.BYTES, Long.BYTES);
    byte[] bytes = new byte[Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    write(offset, bytes, 0, bytes.length);
  }

  @Override
  public final void setInt(long offset, int value) {
    check(offset, Integer.BYTES, Integer.BYTES);
    byte[] bytes = new byte[Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
    write(offset, bytes, 0, bytes.length);
  }

  @Override
  public final void read(long offset, byte[] target, int at, int length) {
    lock.lock();
    try {
      int from = check(offset, length, 1);
      needed(offset, length);
      now.get(from, target, at, length);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void write(long offset, byte[] source, int at, int length) {
    lock.lock();
    try {
      check(offset, length, 1);
      overwritten(offset, length);
      stored |= length > 0;
      if (tearing == Tearing.SHUFFLED_WORDS && length > Long.BYTES) {
        writeShuffled(offset, source, at, length);
        return;
      }
      int step = tearing == Tearing.LINES ? LINE_BYTES : Long.BYTES;
      for (int done = 0; done < length; ) {
        done += store(offset + done, source, at + done, length - done, step);
      }
    } finally {
      lock.unlock();
    }
  }

  private void writeShuffled(long offset, byte[] source, int at, int length) {
    List<Integer> words = new ArrayList<>();
    for (long word = offset / Long.BYTES; word <= (offset + length - 1) / Long.BYTES; word++) {
      words.add((int) word);
    }
    java.util.Collections.shuffle(words, shuffling);
    for (int word : words) {
      int done = (int) Math.max(0, (long) word * Long.BYTES - offset);
      store(offset + done, source, at + done, length - done, Long.BYTES);
    }
  }

  /** One store up to the next multiple of {@code step}; returns its bytes. */
  private int store(long place, byte[] source, int at, int left, int step) {
    int piece = (int) Math.min(left, step - place % step);
    byte[] bytes = Arrays.copyOfRange(source, at, at + piece);
    now.put((int) place, bytes);
    events.add(new Event.Store(threads.number(), place, bytes));
    return piece;
  }

  @Override
  public final void copy(long from, long to, long length) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    read(from, bytes, 0, bytes.length);
    write(to, bytes, 0, bytes.length);
  }

  @Override
  public final void fill(long offset, long length, byte value) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    Arrays.fill(bytes, value);
    write(offset, bytes, 0, bytes.length);
  }

  @Override
  public final void pwb(long offset, long length) {
    check(offset, length, 1);
    if (length > 0) {
      note(new Event.Pwb(threads.number(), offset, length));
    }
  }

  @Override
  public final void pfence() {
    lock.lock();
    try {
      if (--fencesUntilFailure == 0) {
        failed = true;
      }
      if (failed) {
        throw new PmemException.WriteBackFailed("the simulated medium refuses", null);
      }
      events.add(new Event.Fence(threads.number()));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void handOver() {
    note(new Event.HandOver(threads.number()));
  }

  private void note(Event event) {
    lock.lock();
    try {
      events.add(event);
    } finally {
      lock.unlock();
    }
  }

  /** Does nothing: the test looks at it afterwards. */
  @Override
  public final void close() {}

  private int check(long offset, long length, int alignment) {
    if (offset < 0 || length < 0 || offset > bytes() - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes at " + offset + " do not lie in " + bytes());
    }
    if (offset % alignment != 0) {
      throw new IllegalArgumentException("offset " + offset + " is not aligned to " + alignment);
    }
    return (int) offset;
  }
}
