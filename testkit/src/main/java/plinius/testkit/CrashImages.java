package plinius.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import plinius.testkit.RecordedMemory.Event;

/**
 * Every image that a loss of power may have left, at every instant of what a {@link RecordedMemory}
 * went through: for each line (or page) any version since the last guaranteed one, independently.
 * Each image is tried once, however many ways lead to it.
 *
 * <p>After a store only the images that contain it are new; after a {@linkplain RecordedMemory#mark
 * mark} all possible images are judged again, because less may be lost.
 */
public final class CrashImages {
  /** Opens an image as after a crash and says which state it holds; throws if it holds none. */
  @FunctionalInterface
  public interface Recovery {
    int state(byte[] image);
  }

  /**
   * What was tried.
   *
   * @param crashPoints instants
   * @param images different images
   * @param judgements images, counted at each instant at which they are possible and new
   * @param sampledPoints instants with more images than the limit, of which a part was tried
   */
  public record Report(long crashPoints, long images, long judgements, long sampledPoints) {}

  private final int unitBytes;
  private final boolean pages;
  private final byte[] initial;
  private final long limit;
  private final Random random;
  private final long seed;
  private final int ahead;
  private final Recovery recovery;

  private final TreeMap<Integer, Unit> units = new TreeMap<>();
  private final Map<Integer, Map<Integer, Long>> pending =
      new HashMap<>(); // thread -> unit -> version
  private final Map<Long, Integer> states = new HashMap<>(); // hash of the image -> its state
  private int mark;
  private boolean judging = true;
  private long crashPoints;
  private long judgements;
  private long sampledPoints;

  private CrashImages(RecordedMemory memory, long limit, long seed, int ahead, Recovery recovery) {
    this.ahead = ahead;
    this.unitBytes =
        memory.granularity() == SimulatedMemory.Granularity.PAGE
            ? RecordedMemory.PAGE_BYTES
            : RecordedMemory.LINE_BYTES;
    this.pages = memory.granularity() == SimulatedMemory.Granularity.PAGE;
    this.initial = memory.initial();
    this.limit = limit;
    this.seed = seed;
    this.random = new Random(seed);
    this.recovery = recovery;
  }

  /**
   * Tries every image at every instant. Its state must be the last mark or the one after it: what
   * was promised is there, what was under way is there as a whole or not at all.
   *
   * @param limit at an instant with more images than this, about so many are chosen: none, all,
   *     each single version present or missing, and random ones
   * @param seed of the random ones
   * @throws AssertionError at the first image that holds anything else
   */
  public static Report enumerate(RecordedMemory memory, long limit, long seed, Recovery recovery) {
    return enumerate(memory, limit, seed, 1, recovery);
  }

  /** The same, where up to {@code ahead} states may be under way without a mark between them. */
  public static Report enumerate(
      RecordedMemory memory, long limit, long seed, int ahead, Recovery recovery) {
    CrashImages images = new CrashImages(memory, limit, seed, ahead, recovery);
    List<Event> events = memory.events();
    if (events.isEmpty() || !(events.getFirst() instanceof Event.Mark)) {
      images.judgeAll(-1, null);
    }
    for (int i = 0; i < events.size(); i++) {
      images.apply(i, events.get(i));
    }
    return new Report(
        images.crashPoints, images.states.size(), images.judgements, images.sampledPoints);
  }

  /** What a loss of power may leave right now; all of it, so only for few unfenced stores. */
  public static List<byte[]> possibleNow(RecordedMemory memory) {
    CrashImages images = new CrashImages(memory, 0, 0, 0, _ -> 0);
    images.judging = false;
    List<Event> events = memory.events();
    for (int i = 0; i < events.size(); i++) {
      images.apply(i, events.get(i));
    }
    List<Unit> units = new ArrayList<>(images.units.values());
    List<byte[]> possible = new ArrayList<>();
    do {
      possible.add(images.image());
    } while (advance(units));
    return possible;
  }

  private void apply(int instant, Event event) {
    switch (event) {
      case Event.Store(long offset, byte[] bytes) -> {
        Unit unit = units.computeIfAbsent((int) (offset / unitBytes), this::unit);
        if (unit.store((int) (offset % unitBytes), bytes)) {
          judgeAll(instant, unit);
        }
      }
      case Event.Pwb(int thread, long offset, long length) -> {
        Map<Integer, Long> mine = pending.computeIfAbsent(pages ? 0 : thread, _ -> new HashMap<>());
        for (int index = (int) (offset / unitBytes);
            index <= (offset + length - 1) / unitBytes;
            index++) {
          Unit unit = units.get(index);
          if (unit != null) {
            mine.put(index, unit.latest());
          }
        }
      }
      case Event.Fence(int thread) -> guarantee(pages ? 0 : thread);
      case Event.HandOver(int thread) -> {
        if (!pages) {
          guarantee(thread);
        }
      }
      case Event.Kill() -> pending.clear();
      case Event.Mark(int number) -> {
        mark = number;
        judgeAll(instant, null);
      }
    }
  }

  private void guarantee(int thread) {
    Map<Integer, Long> mine = pending.remove(thread);
    if (mine != null) {
      // A page is written as it is when the fence comes, a line as it was when it was written back.
      mine.forEach(
          (index, version) ->
              units.get(index).guarantee(pages ? units.get(index).latest() : version));
    }
  }

  private Unit unit(int index) {
    byte[] bytes = new byte[unitBytes];
    System.arraycopy(
        initial,
        index * unitBytes,
        bytes,
        0,
        Math.min(unitBytes, initial.length - index * unitBytes));
    return new Unit(index, bytes);
  }

  /**
   * Judges all images of this instant; with {@code fixed}, those in which that unit has its latest
   * version.
   */
  private void judgeAll(int instant, Unit fixed) {
    if (!judging) {
      return;
    }
    crashPoints++;
    List<Unit> free = new ArrayList<>();
    double count = 1;
    for (Unit unit : units.values()) {
      unit.chosen = unit == fixed ? unit.versions.size() - 1 : 0;
      if (unit != fixed && unit.versions.size() > 1) {
        free.add(unit);
        count *= unit.versions.size();
      }
    }
    if (count > limit) {
      sampledPoints++;
      sample(instant, free);
      return;
    }
    judge(instant);
    while (advance(free)) {
      judge(instant);
    }
  }

  private static boolean advance(List<Unit> free) {
    for (Unit unit : free) {
      if (++unit.chosen < unit.versions.size()) {
        return true;
      }
      unit.chosen = 0;
    }
    return false;
  }

  private void sample(int instant, List<Unit> free) {
    List<Unit> singles = new ArrayList<>(free);
    if (singles.size() > limit) {
      Collections.shuffle(singles, random);
      singles = singles.subList(0, (int) limit);
    }
    for (boolean present : new boolean[] {false, true}) {
      for (Unit unit : free) {
        unit.chosen = present ? unit.versions.size() - 1 : 0;
      }
      judge(instant);
      for (Unit unit : singles) {
        int usual = unit.chosen;
        for (unit.chosen = 0; unit.chosen < unit.versions.size(); unit.chosen++) {
          judge(instant);
        }
        unit.chosen = usual;
      }
    }
    for (long i = 0; i < limit / 4; i++) {
      for (Unit unit : free) {
        unit.chosen = random.nextInt(unit.versions.size());
      }
      judge(instant);
    }
  }

  private void judge(int instant) {
    judgements++;
    long hash = 0;
    for (Unit unit : units.values()) {
      hash ^= unit.versions.get(unit.chosen).hash;
    }
    Integer state = states.get(hash);
    try {
      if (state == null) {
        state = recovery.state(image());
        states.put(hash, state);
      }
    } catch (RuntimeException | Error failure) {
      throw new AssertionError(where(instant) + ": recovery fails: " + failure, failure);
    }
    if (state < mark || state > mark + ahead) {
      throw new AssertionError(
          where(instant)
              + ": recovery finds state "
              + state
              + " after state "
              + mark
              + " was promised");
    }
  }

  private String where(int instant) {
    return "crash after event " + instant + " (mark " + mark + ", seed " + seed + ")";
  }

  private byte[] image() {
    byte[] image = initial.clone();
    for (Unit unit : units.values()) {
      byte[] bytes = unit.versions.get(unit.chosen).bytes;
      int at = unit.index * unitBytes;
      System.arraycopy(bytes, 0, image, at, Math.min(unitBytes, image.length - at));
    }
    return image;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Version(byte[] bytes, long hash) {}

  /** A line or page: what it may hold after a crash. */
  private static final class Unit {
    private final int index;
    private final long initialHash;
    private final List<Version> versions = new ArrayList<>(); // the first is guaranteed
    private long dropped; // versions before the first
    private int chosen;

    Unit(int index, byte[] bytes) {
      this.index = index;
      // Relative to what was there first, so that a unit that was never touched counts for nothing.
      this.initialHash = hash(index, bytes);
      versions.add(new Version(bytes, 0));
    }

    /** Returns whether anything changed. */
    boolean store(int at, byte[] bytes) {
      byte[] last = versions.getLast().bytes;
      if (Arrays.equals(last, at, at + bytes.length, bytes, 0, bytes.length)) {
        return false;
      }
      byte[] next = last.clone();
      System.arraycopy(bytes, 0, next, at, bytes.length);
      versions.add(new Version(next, hash(index, next) ^ initialHash));
      return true;
    }

    long latest() {
      return dropped + versions.size() - 1;
    }

    void guarantee(long version) {
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
