package plinius.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * Any memory, a mapped file for instance, with a record of what was done to it: so that the path
 * that programs really take can be compared with the simulated one, and crashed like it.
 */
public final class TracedMemory extends ForwardingMemory {
  private final PersistentMemory memory;
  private final byte[] initial;
  private final List<Event> events = new ArrayList<>();
  private final Threads threads = new Threads();

  /** Records from now on; what the memory holds is taken for durable. */
  public TracedMemory(PersistentMemory memory) {
    super(memory);
    this.memory = memory;
    initial = new byte[Math.toIntExact(memory.bytes())];
    memory.read(0, initial, 0, initial.length);
  }

  /** What was done so far. */
  public synchronized Trace trace() {
    return new Trace(
        initial,
        medium().writeBack() == WriteBack.MSYNC ? Granularity.PAGE : Granularity.LINE,
        events);
  }

  /** Notes that the caller may rely on everything up to this state. */
  public synchronized void mark(int state) {
    events.add(new Event.Mark(state));
  }

  private synchronized void stored(long offset, byte[] bytes) {
    for (int done = 0; done < bytes.length; ) {
      int piece = (int) Math.min(bytes.length - done, LINE_BYTES - (offset + done) % LINE_BYTES);
      events.add(
          new Event.Store(
              threads.number(), offset + done, Arrays.copyOfRange(bytes, done, done + piece)));
      done += piece;
    }
  }

  @Override
  public synchronized void setLong(long offset, long value) {
    super.setLong(offset, value);
    stored(
        offset,
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  @Override
  public synchronized void setInt(long offset, int value) {
    super.setInt(offset, value);
    stored(
        offset,
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  @Override
  public synchronized void write(long offset, byte[] source, int at, int length) {
    super.write(offset, source, at, length);
    stored(offset, Arrays.copyOfRange(source, at, at + length));
  }

  @Override
  public synchronized void stream(long offset, byte[] source, int at, int length) {
    memory.stream(offset, source, at, length);
    stored(offset, Arrays.copyOfRange(source, at, at + length));
    writtenBack(offset, length);
  }

  @Override
  public synchronized void copy(long from, long to, long length) {
    super.copy(from, to, length);
    stored(to, loaded(from, length));
  }

  @Override
  public synchronized void fill(long offset, long length, byte value) {
    super.fill(offset, length, value);
    stored(offset, loaded(offset, length));
  }

  private byte[] loaded(long offset, long length) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    memory.read(offset, bytes, 0, bytes.length);
    return bytes;
  }

  private void writtenBack(long offset, long length) {
    if (length > 0) {
      events.add(new Event.Pwb(threads.number(), offset, length));
    }
  }

  @Override
  public synchronized void pwb(long offset, long length) {
    super.pwb(offset, length);
    writtenBack(offset, length);
  }

  @Override
  public synchronized void pwbLines(long base, long next, int[] lines, int count) {
    memory.pwbLines(base, next, lines, count);
    for (int i = 0; i < count; i++) {
      writtenBack(base + (long) lines[i] * LINE_BYTES, LINE_BYTES);
    }
  }

  @Override
  public synchronized void copyLines(long from, long to, int[] lines, int count) {
    memory.copyLines(from, to, lines, count);
    for (int i = 0; i < count; i++) {
      long offset = (long) lines[i] * LINE_BYTES;
      stored(to + offset, loaded(from + offset, LINE_BYTES));
      writtenBack(to + offset, LINE_BYTES);
    }
  }

  @Override
  public synchronized void pfence() {
    super.pfence();
    events.add(new Event.Fence(threads.number()));
  }

  @Override
  public synchronized void handOver() {
    super.handOver();
    events.add(new Event.HandOver(threads.number()));
  }
}
