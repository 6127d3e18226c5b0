package plinius.romulus;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;

/**
 * Leaves out some of the ordering that the pool asks for, by the place in the pool's code that asks
 * for it: the mutants of the pool without a switch in the pool. A place is "operation method:line"
 * with its callers; those met are collected, so that a new one is a new mutant by itself.
 */
final class FaultyMemory implements PersistentMemory {
  private static final StackWalker STACK = StackWalker.getInstance();

  private final PersistentMemory memory;
  private final Predicate<String> dropped;
  private final boolean blindToCommittedMap;
  private final Set<String> places;

  FaultyMemory(
      PersistentMemory memory,
      Predicate<String> dropped,
      boolean blindToCommittedMap,
      Set<String> places) {
    this.places = places;
    this.memory = memory;
    this.dropped = dropped;
    this.blindToCommittedMap = blindToCommittedMap;
  }

  static FaultyMemory dropping(PersistentMemory memory, Predicate<String> dropped) {
    return new FaultyMemory(memory, dropped, false, new TreeSet<>());
  }

  /** The pool as it is; notes the places. */
  static FaultyMemory collecting(PersistentMemory memory, Set<String> places) {
    return new FaultyMemory(memory, _ -> false, false, places);
  }

  /** Takes every page of the committed state for free when an extent is allocated. */
  static FaultyMemory reusingAtOnce(PersistentMemory memory) {
    return new FaultyMemory(memory, _ -> false, true, new TreeSet<>());
  }

  private boolean drops(String operation) {
    String place = operation + " " + STACK.walk(FaultyMemory::place);
    places.add(place);
    return dropped.test(place);
  }

  /** The place and its callers up to the pool's public operation: recovery is not a commit. */
  private static String place(Stream<StackWalker.StackFrame> frames) {
    return frames
        .filter(
            frame ->
                frame.getClassName().startsWith("plinius.romulus.")
                    && !frame.getClassName().equals(FaultyMemory.class.getName())
                    && !frame.getMethodName().equals("pfence"))
        .takeWhile(frame -> !frame.getClassName().matches(".*(Test|Story).*"))
        .limit(3)
        .map(frame -> frame.getMethodName() + ":" + frame.getLineNumber())
        .collect(Collectors.joining(" < "));
  }

  @Override
  public void pwb(long offset, long length) {
    if (!drops("pwb")) {
      memory.pwb(offset, length);
    }
  }

  @Override
  public void stream(long offset, byte[] source, int at, int length) {
    memory.write(offset, source, at, length);
    if (!drops("pwb")) {
      memory.pwb(offset, length);
    }
  }

  @Override
  public void pfence() {
    if (!drops("pfence")) {
      memory.pfence();
    }
  }

  @Override
  public void handOver() {
    if (!drops("handOver")) {
      memory.handOver();
    }
  }

  @Override
  public long getLong(long offset) {
    if (blindToCommittedMap
        && STACK.walk(
            frames -> frames.anyMatch(frame -> frame.getMethodName().equals("committed")))) {
      return 0;
    }
    return memory.getLong(offset);
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  @Override
  public boolean readOnly() {
    return memory.readOnly();
  }

  @Override
  public Medium medium() {
    return memory.medium();
  }

  @Override
  public int getInt(long offset) {
    return memory.getInt(offset);
  }

  @Override
  public void setLong(long offset, long value) {
    memory.setLong(offset, value);
  }

  @Override
  public void setInt(long offset, int value) {
    memory.setInt(offset, value);
  }

  @Override
  public void read(long offset, byte[] target, int at, int length) {
    memory.read(offset, target, at, length);
  }

  @Override
  public void write(long offset, byte[] source, int at, int length) {
    memory.write(offset, source, at, length);
  }

  @Override
  public void copy(long from, long to, long length) {
    memory.copy(from, to, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    memory.fill(offset, length, value);
  }

  @Override
  public void close() {
    memory.close();
  }
}
