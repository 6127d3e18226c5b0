package plinius.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;
import plinius.testkit.SimulatedMemory.Granularity;

/**
 * Persistent memory that remembers everything that was done to it, so that {@link CrashImages} can
 * say what a loss of power may have left at any instant. Loads see every store at once, as on the
 * real thing.
 */
public final class RecordedMemory implements PersistentMemory {
  /** How finely a long store may be torn. */
  public enum Tearing {
    /** Between any two of its words, in ascending order. */
    WORDS,
    /** Between lines only: for scenarios whose images would otherwise be too many. */
    LINES
  }

  /** What happened, in order. */
  sealed interface Event {
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
    record Store(long offset, byte[] bytes) implements Event {}

    record Pwb(int thread, long offset, long length) implements Event {}

    record Fence(int thread) implements Event {}

    record HandOver(int thread) implements Event {}

    record Kill() implements Event {}

    record Mark(int number) implements Event {}
  }

  private final Granularity granularity;
  private final Tearing tearing;
  private final byte[] initial;
  private final ByteBuffer now;
  private final List<Event> events = new ArrayList<>();
  private final Map<Thread, Integer> threads = new HashMap<>();
  private int fencesUntilFailure = Integer.MAX_VALUE;
  private boolean failed;

  /** Memory that durably holds these bytes. */
  public RecordedMemory(byte[] initial, Granularity granularity, Tearing tearing) {
    this.granularity = granularity;
    this.tearing = tearing;
    this.initial = initial.clone();
    this.now = ByteBuffer.wrap(initial.clone()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Zeros, torn as finely as the hardware may. */
  public RecordedMemory(int bytes, Granularity granularity) {
    this(new byte[bytes], granularity, Tearing.WORDS);
  }

  /** Notes that the caller may rely on everything up to here: {@code number} grows. */
  public synchronized void mark(int number) {
    events.add(new Event.Mark(number));
  }

  /**
   * The process dies and the machine lives: stores stay visible, but nobody waits any more for what
   * was written back.
   */
  public synchronized void kill() {
    events.add(new Event.Kill());
    threads.clear();
  }

  /** The {@code count}-th fence from now on fails, and all after it. */
  public synchronized void failFence(int count) {
    fencesUntilFailure = count;
  }

  /** What loads see now: what a process finds that is started after the death of this one. */
  public synchronized byte[] visible() {
    return now.array().clone();
  }

  /** Fences waited for so far. */
  public synchronized long fences() {
    return events.stream().filter(Event.Fence.class::isInstance).count();
  }

  /** Whether anything was stored so far. */
  public synchronized boolean wasStoredTo() {
    return events.stream().anyMatch(Event.Store.class::isInstance);
  }

  Granularity granularity() {
    return granularity;
  }

  byte[] initial() {
    return initial;
  }

  synchronized List<Event> events() {
    return List.copyOf(events);
  }

  @Override
  public long bytes() {
    return initial.length;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public Medium medium() {
    return Medium.of(
        Medium.Kind.SIMULATED, granularity == Granularity.PAGE ? WriteBack.MSYNC : WriteBack.CLWB);
  }

  @Override
  public synchronized long getLong(long offset) {
    return now.getLong(check(offset, Long.BYTES, Long.BYTES));
  }

  @Override
  public synchronized int getInt(long offset) {
    return now.getInt(check(offset, Integer.BYTES, Integer.BYTES));
  }

  @Override
  public synchronized void setLong(long offset, long value) {
    check(offset, Long.BYTES, Long.BYTES);
    store(
        offset,
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(),
        0,
        Long.BYTES);
  }

  @Override
  public synchronized void setInt(long offset, int value) {
    check(offset, Integer.BYTES, Integer.BYTES);
    store(
        offset,
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array(),
        0,
        Integer.BYTES);
  }

  @Override
  public synchronized void read(long offset, byte[] target, int at, int length) {
    now.get(check(offset, length, 1), target, at, length);
  }

  @Override
  public synchronized void write(long offset, byte[] source, int at, int length) {
    check(offset, length, 1);
    store(offset, source, at, length);
  }

  @Override
  public synchronized void copy(long from, long to, long length) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    read(from, bytes, 0, bytes.length);
    write(to, bytes, 0, bytes.length);
  }

  @Override
  public synchronized void fill(long offset, long length, byte value) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    Arrays.fill(bytes, value);
    write(offset, bytes, 0, bytes.length);
  }

  private void store(long offset, byte[] source, int at, int length) {
    int step = tearing == Tearing.WORDS ? Long.BYTES : LINE_BYTES;
    for (int done = 0; done < length; ) {
      long place = offset + done;
      int piece = (int) Math.min(length - done, step - place % step);
      byte[] bytes = Arrays.copyOfRange(source, at + done, at + done + piece);
      now.put((int) place, bytes);
      events.add(new Event.Store(place, bytes));
      done += piece;
    }
  }

  @Override
  public synchronized void pwb(long offset, long length) {
    check(offset, length, 1);
    if (length > 0) {
      events.add(new Event.Pwb(thread(), offset, length));
    }
  }

  @Override
  public synchronized void pfence() {
    if (--fencesUntilFailure == 0) {
      failed = true;
    }
    if (failed) {
      throw new PmemException.WriteBackFailed("the simulated medium refuses", null);
    }
    events.add(new Event.Fence(thread()));
  }

  @Override
  public synchronized void handOver() {
    events.add(new Event.HandOver(thread()));
  }

  /** Does nothing: the test looks at it afterwards. */
  @Override
  public void close() {}

  private int thread() {
    return threads.computeIfAbsent(Thread.currentThread(), _ -> threads.size());
  }

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
