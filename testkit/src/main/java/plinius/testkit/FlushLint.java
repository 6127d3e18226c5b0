package plinius.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import plinius.pmem.PersistentMemory;

/**
 * Looks at a trace without crashing it, as PMDK's pmemcheck looks at a program: which lines a
 * program stored to and promised without having them fenced, and which write-backs were for
 * nothing. The counts are exact, so that a test may assert what a transaction costs.
 */
public final class FlushLint {

  /**
   * What lies between two promises.
   *
   * @param state that was promised at the end
   * @param storedLines different lines stored to
   * @param writtenBackLines lines written back, each time counted
   * @param redundantLines of these, lines that were on their way already and had no store since
   * @param cleanLines of these, lines that were durable already and had no store since
   * @param fences waited for
   * @param handOvers to other threads
   * @param unfencedLines stored to and not durable at the end, by number; a promise that does not
   *     rely on them may leave some
   */
  public record Interval(
      int state,
      long storedLines,
      long writtenBackLines,
      long redundantLines,
      long cleanLines,
      long fences,
      long handOvers,
      List<Long> unfencedLines) {}

  private static final int HANDED_OVER = -1;

  /** Line to how often it was stored to; only those that are not durable. */
  private final Map<Long, Long> dirty = new TreeMap<>();

  /** Thread to line to how often it had been stored to when it was written back. */
  private final Map<Integer, Map<Long, Long>> pending = new HashMap<>();

  private final TreeSet<Long> stored = new TreeSet<>();
  private final List<Interval> intervals = new ArrayList<>();
  private long stores;
  private long writtenBack;
  private long redundant;
  private long clean;
  private long fences;
  private long handOvers;

  private FlushLint() {}

  /** One interval a promise, in order; what comes after the last is left out. */
  public static List<Interval> intervals(Trace trace) {
    FlushLint lint = new FlushLint();
    trace.events().forEach(lint::apply);
    return lint.intervals;
  }

  private void apply(Event event) {
    switch (event) {
      case Event.Store store -> {
        long line = store.offset() / PersistentMemory.LINE_BYTES;
        dirty.put(line, ++stores);
        stored.add(line);
      }
      case Event.Pwb(int thread, long offset, long length) -> {
        long last = (offset + length - 1) / PersistentMemory.LINE_BYTES;
        for (long line = offset / PersistentMemory.LINE_BYTES; line <= last; line++) {
          writeBack(thread, line);
        }
      }
      case Event.Fence(int thread) -> {
        fences++;
        guarantee(thread);
        guarantee(HANDED_OVER);
      }
      case Event.HandOver(int thread) -> {
        handOvers++;
        Map<Long, Long> mine = pending.remove(thread);
        if (mine != null) {
          pending.computeIfAbsent(HANDED_OVER, _ -> new HashMap<>()).putAll(mine);
        }
      }
      case Event.Kill() -> pending.clear();
      case Event.Mark(int state) -> end(state);
    }
  }

  private void writeBack(int thread, long line) {
    writtenBack++;
    Long store = dirty.get(line);
    if (store == null) {
      clean++;
      return;
    }
    Long handed = pending.getOrDefault(HANDED_OVER, Map.of()).get(line);
    Long before = pending.computeIfAbsent(thread, _ -> new HashMap<>()).put(line, store);
    if (store.equals(before) || store.equals(handed)) {
      redundant++;
    }
  }

  private void guarantee(int thread) {
    Map<Long, Long> mine = pending.remove(thread);
    if (mine != null) {
      mine.forEach(dirty::remove); // unless it was stored to since
    }
  }

  private void end(int state) {
    intervals.add(
        new Interval(
            state,
            stored.size(),
            writtenBack,
            redundant,
            clean,
            fences,
            handOvers,
            List.copyOf(dirty.keySet())));
    stored.clear();
    writtenBack = 0;
    redundant = 0;
    clean = 0;
    fences = 0;
    handOvers = 0;
  }
}
