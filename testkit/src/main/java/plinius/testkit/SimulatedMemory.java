package plinius.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;

/**
 * Persistent memory as x86 gives it, reduced to what matters for a crash (the per-line prefix model
 * of Yat, USENIX ATC 2014, and Px86, POPL 2020): each unit of write-back holds the versions that
 * its stores made, in program order, and a crash leaves any one of them, not older than the last
 * one that a fence guaranteed. Units are independent of each other. Bulk stores are split into
 * aligned words of 8 bytes, each a version.
 *
 * <p>A unit is a cache line, or a page for ordinary files: there the kernel may write any dirty
 * page at any time, and a fence is one forced write of the pages that were named.
 *
 * <p>Thread-safe. Write-backs pend per thread until that thread fences.
 */
public final class SimulatedMemory implements PersistentMemory {

  /** What reaches the medium as one. */
  public enum Granularity {
    LINE(64),
    PAGE(4096);

    private final int bytes;

    Granularity(int bytes) {
      this.bytes = bytes;
    }
  }

  private static final int WORD_BYTES = 8;

  private final Granularity granularity;
  private final byte[] visible;
  private final byte[] guaranteed;

  /** Unit to its versions after the guaranteed one, oldest first. */
  private final TreeMap<Integer, List<byte[]>> dirty = new TreeMap<>();

  /** Thread to unit to the version that its write-back was issued for. */
  private final Map<Long, Map<Integer, byte[]>> pending = new HashMap<>();

  private final Set<String> sites = new LinkedHashSet<>();
  private Optional<String> dropped = Optional.empty();
  private Runnable afterEachStep = () -> {};
  private int fencesUntilFailure = -1;
  private boolean poisoned;

  /** All zero, all durable. */
  public SimulatedMemory(int bytes, Granularity granularity) {
    this(new byte[bytes], granularity);
  }

  private SimulatedMemory(byte[] image, Granularity granularity) {
    if (image.length % PAGE_BYTES != 0) {
      throw new IllegalArgumentException("whole pages are needed, got " + image.length + " bytes");
    }
    this.granularity = granularity;
    this.visible = image.clone();
    this.guaranteed = image.clone();
  }

  /** What a machine finds after a crash that left this image. */
  public static SimulatedMemory of(byte[] image, Granularity granularity) {
    return new SimulatedMemory(image, granularity);
  }

  /** Runs after every store, write-back and fence: each is an instant at which a crash may come. */
  public synchronized void afterEachStep(Runnable hook) {
    afterEachStep = hook;
  }

  /**
   * The places that called pwb, stream, pfence or handOver so far: the chain of callers outside of
   * this kit and of plain Java.
   */
  public synchronized Set<String> sites() {
    return new LinkedHashSet<>(sites);
  }

  /** From now on, a write-back or fence from this place is forgotten: a mutant of the program. */
  public synchronized void dropping(String site) {
    dropped = Optional.of(site);
  }

  /** The fence after {@code fences} further ones fails, and all later ones. */
  public synchronized void failAfter(int fences) {
    fencesUntilFailure = fences;
  }

  /** In how many ways a crash now may leave the memory; {@link Long#MAX_VALUE} for more. */
  public synchronized long images() {
    long count = 1;
    for (List<byte[]> versions : dirty.values()) {
      if (count > Long.MAX_VALUE / (versions.size() + 1)) {
        return Long.MAX_VALUE;
      }
      count *= versions.size() + 1;
    }
    return count;
  }

  /**
   * What a crash now may leave: every image, if there are at most {@code limit}. Else the telling
   * ones: nothing, everything, each unit alone missing, each unit alone present, and random ones.
   */
  public synchronized void eachImage(long limit, Random random, Consumer<byte[]> consumer) {
    List<Integer> units = new ArrayList<>(dirty.keySet());
    int[] choice = new int[units.size()];
    if (images() <= limit) {
      do {
        consumer.accept(image(units, choice));
      } while (next(units, choice));
      return;
    }
    consumer.accept(image(units, choice));
    consumer.accept(visible.clone());
    for (int alone = 0; alone < units.size(); alone++) {
      for (int i = 0; i < choice.length; i++) {
        choice[i] = i == alone ? 0 : newest(units, i);
      }
      consumer.accept(image(units, choice));
      Arrays.fill(choice, 0);
      choice[alone] = newest(units, alone);
      consumer.accept(image(units, choice));
    }
    for (int i = 0; i < limit; i++) {
      double bias = new double[] {0.1, 0.5, 0.9}[random.nextInt(3)];
      for (int u = 0; u < choice.length; u++) {
        choice[u] =
            random.nextDouble() < bias ? newest(units, u) : random.nextInt(newest(units, u) + 1);
      }
      consumer.accept(image(units, choice));
    }
  }

  private int newest(List<Integer> units, int i) {
    return dirty.get(units.get(i)).size();
  }

  private boolean next(List<Integer> units, int[] choice) {
    for (int i = 0; i < choice.length; i++) {
      if (choice[i] < newest(units, i)) {
        choice[i]++;
        return true;
      }
      choice[i] = 0;
    }
    return false;
  }

  private byte[] image(List<Integer> units, int[] choice) {
    byte[] image = guaranteed.clone();
    for (int i = 0; i < choice.length; i++) {
      if (choice[i] > 0) {
        byte[] version = dirty.get(units.get(i)).get(choice[i] - 1);
        System.arraycopy(version, 0, image, units.get(i) * granularity.bytes, version.length);
      }
    }
    return image;
  }

  /** Units that were stored to since their last guarantee: none are left over by a commit. */
  public synchronized int dirtyUnits() {
    return dirty.size();
  }

  /** All stores so far, as if nothing was lost. */
  public synchronized byte[] everything() {
    return visible.clone();
  }

  @Override
  public long bytes() {
    return visible.length;
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public Medium medium() {
    return granularity == Granularity.LINE
        ? Medium.of(Medium.Kind.SIMULATED, WriteBack.CLWB)
        : Medium.of(Medium.Kind.SIMULATED, WriteBack.MSYNC);
  }

  @Override
  public synchronized long getLong(long offset) {
    return words().getLong(aligned(offset, 8));
  }

  @Override
  public synchronized int getInt(long offset) {
    return words().getInt(aligned(offset, 4));
  }

  @Override
  public synchronized void setLong(long offset, long value) {
    words().putLong(aligned(offset, 8), value);
    stored((int) offset, 8);
    afterEachStep.run();
  }

  @Override
  public synchronized void setInt(long offset, int value) {
    words().putInt(aligned(offset, 4), value);
    stored((int) offset, 4);
    afterEachStep.run();
  }

  @Override
  public synchronized void read(long offset, byte[] target, int at, int length) {
    Objects.checkFromIndexSize(at, length, target.length);
    System.arraycopy(visible, range(offset, length), target, at, length);
  }

  @Override
  public synchronized void write(long offset, byte[] source, int at, int length) {
    Objects.checkFromIndexSize(at, length, source.length);
    int to = range(offset, length);
    for (int done = 0; done < length; ) {
      int word = Math.min(length - done, WORD_BYTES - (to + done) % WORD_BYTES);
      System.arraycopy(source, at + done, visible, to + done, word);
      stored(to + done, word);
      done += word;
    }
    afterEachStep.run();
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

  @Override
  public synchronized void pwb(long offset, long length) {
    int from = range(offset, length);
    if (length > 0 && !isDropped()) {
      Map<Integer, byte[]> mine = pendingOf(Thread.currentThread().threadId());
      int last = (int) ((from + length - 1) / granularity.bytes);
      for (int unit = from / granularity.bytes; unit <= last; unit++) {
        List<byte[]> versions = dirty.get(unit);
        if (versions != null) {
          mine.put(unit, versions.getLast());
        }
      }
    }
    afterEachStep.run();
  }

  @Override
  public synchronized void pfence() {
    if (!isDropped()) {
      if (poisoned || fencesUntilFailure == 0) {
        poisoned = true;
        throw new PmemException.WriteBackFailed("the simulated medium refused", null);
      }
      fencesUntilFailure -= fencesUntilFailure > 0 ? 1 : 0;
      guarantee(pending.remove(Thread.currentThread().threadId()));
      guarantee(pending.remove(HANDED_OVER));
    }
    afterEachStep.run();
  }

  private static final long HANDED_OVER = -1;

  @Override
  public synchronized void handOver() {
    if (!isDropped()) {
      Map<Integer, byte[]> mine = pending.remove(Thread.currentThread().threadId());
      if (mine != null) {
        mine.forEach(
            (unit, version) ->
                pendingOf(HANDED_OVER).merge(unit, version, (a, b) -> later(unit, a, b)));
      }
    }
    afterEachStep.run();
  }

  private byte[] later(int unit, byte[] a, byte[] b) {
    List<byte[]> versions = dirty.getOrDefault(unit, List.of());
    return indexOf(versions, a) > indexOf(versions, b) ? a : b;
  }

  @Override
  public void close() {}

  private Map<Integer, byte[]> pendingOf(long thread) {
    return pending.computeIfAbsent(thread, t -> new HashMap<>());
  }

  private void guarantee(Map<Integer, byte[]> writtenBack) {
    if (writtenBack == null) {
      return;
    }
    writtenBack.forEach(
        (unit, version) -> {
          List<byte[]> versions = dirty.getOrDefault(unit, List.of());
          int index = indexOf(versions, version);
          if (index >= 0) {
            System.arraycopy(version, 0, guaranteed, unit * granularity.bytes, version.length);
            versions.subList(0, index + 1).clear();
            if (versions.isEmpty()) {
              dirty.remove(unit);
            }
          }
        });
  }

  /** By identity: two versions of the same bytes are two points in time. */
  @SuppressWarnings("ReferenceEquality")
  private static int indexOf(List<byte[]> versions, byte[] version) {
    for (int i = 0; i < versions.size(); i++) {
      if (versions.get(i) == version) {
        return i;
      }
    }
    return -1;
  }

  private void stored(int offset, int length) {
    int unit = offset / granularity.bytes;
    if ((offset + length - 1) / granularity.bytes != unit) {
      throw new IllegalArgumentException("a word across two units at " + offset);
    }
    int from = unit * granularity.bytes;
    dirty
        .computeIfAbsent(unit, u -> new ArrayList<>())
        .add(Arrays.copyOfRange(visible, from, from + granularity.bytes));
  }

  private boolean isDropped() {
    String site =
        StackWalker.getInstance()
            .walk(
                frames ->
                    frames
                        .filter(
                            frame ->
                                frame.getClassName().startsWith("plinius.")
                                    && !frame.getClassName().startsWith("plinius.testkit.")
                                    && !frame.getClassName().startsWith("plinius.pmem.")
                                    && !frame.getClassName().contains("Test"))
                        .map(
                            frame ->
                                frame
                                        .getClassName()
                                        .substring(frame.getClassName().lastIndexOf('.') + 1)
                                    + "."
                                    + frame.getMethodName()
                                    + ":"
                                    + frame.getLineNumber())
                        .collect(Collectors.joining(" < ")));
    sites.add(site);
    return dropped.filter(site::equals).isPresent();
  }

  private ByteBuffer words() {
    return ByteBuffer.wrap(visible).order(ByteOrder.LITTLE_ENDIAN);
  }

  private int aligned(long offset, int bytes) {
    int at = range(offset, bytes);
    if (at % bytes != 0) {
      throw new IllegalArgumentException(
          "an access of %d bytes at %d is not aligned".formatted(bytes, offset));
    }
    return at;
  }

  private int range(long offset, long length) {
    return (int) Objects.checkFromIndexSize(offset, length, (long) visible.length);
  }
}
