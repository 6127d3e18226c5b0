package plinius.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What x86 lets a crash leave, reduced to what matters (the per-line prefix model of Yat, USENIX
 * ATC 2014, and Px86, POPL 2020): each line holds the versions that its stores made, in program
 * order, and a crash leaves any one of them, not older than the last that a fence guaranteed. Lines
 * are independent of each other. Events are applied one after the other; between two of them lies
 * an instant.
 */
final class CrashModel {
  private static final int HANDED_OVER = -1;

  private final int unitBytes;
  private final boolean pages;
  private final byte[] initial;
  private final TreeMap<Integer, Unit> units = new TreeMap<>();

  /** Thread to unit to the version that its write-back was issued for. */
  private final Map<Integer, Map<Integer, Long>> pending = new HashMap<>();

  CrashModel(Trace trace) {
    unitBytes = trace.granularity().bytes();
    pages = trace.granularity() == Granularity.PAGE;
    initial = trace.initial();
    for (Event event : trace.events()) {
      if (event instanceof Event.Store store) {
        units.computeIfAbsent((int) (store.offset() / unitBytes), this::unit);
      }
    }
  }

  private Unit unit(int index) {
    byte[] bytes = new byte[unitBytes];
    int at = index * unitBytes;
    System.arraycopy(initial, at, bytes, 0, Math.min(unitBytes, initial.length - at));
    return new Unit(index, bytes);
  }

  /** All units that are ever stored to. */
  Collection<Unit> units() {
    return units.values();
  }

  /** The unit with this number; null if it is never stored to. */
  Unit unitAt(int index) {
    return units.get(index);
  }

  /** Returns the unit that has got a new version; null if none. */
  Unit apply(Event event) {
    switch (event) {
      case Event.Store store -> {
        Unit unit = units.get((int) (store.offset() / unitBytes));
        return unit.store((int) (store.offset() % unitBytes), store.bytes()) ? unit : null;
      }
      case Event.Pwb(int thread, long offset, long length) -> {
        Map<Integer, Long> mine = pendingOf(thread);
        long last = (offset + length - 1) / unitBytes;
        units
            .subMap((int) (offset / unitBytes), true, (int) last, true)
            .forEach((index, unit) -> mine.put(index, unit.latest()));
      }
      case Event.Fence(int thread) -> {
        guarantee(pages ? 0 : thread);
        guarantee(HANDED_OVER);
      }
      case Event.HandOver(int thread) -> {
        Map<Integer, Long> mine = pending.remove(pages ? 0 : thread);
        if (mine != null) {
          Map<Integer, Long> handed = pendingOf(pages ? 0 : HANDED_OVER);
          mine.forEach((index, version) -> handed.merge(index, version, Math::max));
        }
      }
      case Event.Kill() -> pending.clear();
      case Event.Mark _ -> {
        // Says what is expected, not what is.
      }
    }
    return null;
  }

  private Map<Integer, Long> pendingOf(int thread) {
    return pending.computeIfAbsent(pages ? 0 : thread, _ -> new HashMap<>());
  }

  private void guarantee(int thread) {
    Map<Integer, Long> mine = pending.remove(thread);
    if (mine != null) {
      // A page is written as it is when the fence comes, a line as it was when it was written back.
      mine.forEach(
          (index, version) -> {
            Unit unit = units.get(index);
            unit.guarantee(pages ? unit.latest() : version);
          });
    }
  }

  /** The image of what is chosen. */
  byte[] image() {
    byte[] image = initial.clone();
    for (Unit unit : units.values()) {
      byte[] bytes = unit.versions.get(unit.chosen).bytes;
      int at = unit.index * unitBytes;
      System.arraycopy(bytes, 0, image, at, Math.min(unitBytes, image.length - at));
    }
    return image;
  }

  /** Equal for equal images. */
  long hash() {
    long hash = 0;
    for (Unit unit : units.values()) {
      hash ^= unit.versions.get(unit.chosen).hash;
    }
    return hash;
  }

  /** The bytes of a unit, and a number that stands for them. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Version(byte[] bytes, long hash) {}

  /** A line or page: what it may hold after a crash. */
  static final class Unit {
    final int index;

    /** Oldest first, and the first is guaranteed. */
    final List<Version> versions = new ArrayList<>();

    /** Which version the image has. */
    int chosen;

    private final long initialHash;
    private long dropped; // versions before the first

    private Unit(int index, byte[] bytes) {
      this.index = index;
      // Relative to what was there first, so that a unit that was never touched counts for nothing.
      this.initialHash = hash(index, bytes);
      versions.add(new Version(bytes, 0));
    }

    /** Whether a crash may leave more than one version. */
    boolean open() {
      return versions.size() > 1;
    }

    int newest() {
      return versions.size() - 1;
    }

    private boolean store(int at, byte[] bytes) {
      byte[] last = versions.getLast().bytes;
      if (Arrays.equals(last, at, at + bytes.length, bytes, 0, bytes.length)) {
        return false;
      }
      byte[] next = last.clone();
      System.arraycopy(bytes, 0, next, at, bytes.length);
      versions.add(new Version(next, hash(index, next) ^ initialHash));
      return true;
    }

    private long latest() {
      return dropped + versions.size() - 1;
    }

    private void guarantee(long version) {
      while (dropped < version) {
        versions.removeFirst();
        dropped++;
      }
    }

    private static long hash(int index, byte[] bytes) {
      long hash = 0x9E3779B97F4A7C15L * (index + 1);
      for (byte b : bytes) {
        hash = (hash ^ b) * 0xBF58476D1CE4E5B9L;
        hash ^= hash >>> 29;
      }
      return hash;
    }
  }
}
