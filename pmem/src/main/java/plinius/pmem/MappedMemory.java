package plinius.pmem;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import jdk.nio.mapmode.ExtendedMapMode;

/**
 * A file mapped as persistent memory. The medium is found out by trying: where the operating system
 * grants a synchronous mapping the file lies on persistent memory (DAX); a file of tmpfs is
 * emulated persistent memory; any other file is reached through the page cache, where writing a
 * cache line back makes nothing durable, so that only msync counts.
 *
 * <p>The file exists, has its size and its space already: a store into a hole of a full disk would
 * kill the store.
 */
public final class MappedMemory implements PersistentMemory {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** From here on a copy past the caches is the cheaper one. */
  private static final int STREAM_BYTES_MIN = 1024;

  /** Lines that are fetched during a fence: half of a first-level cache. */
  private static final int FETCHED_LINES_MAX = 256;

  private static final int GROWTH_STEP_BYTES = 1 << 20;

  private final Path file;
  private final Arena arena;
  private final Access access;
  private final Medium medium;
  private final Flusher flusher;
  private MemorySegment segment; // another one when the memory has grown

  private MappedMemory(
      Path file,
      Arena arena,
      MemorySegment segment,
      Access access,
      Medium medium,
      Flusher flusher) {
    this.file = file;
    this.arena = arena;
    this.segment = segment;
    this.access = access;
    this.medium = medium;
    this.flusher = flusher;
  }

  /**
   * Maps the whole of a file.
   *
   * @throws PmemException.CannotMap if it is missing, empty or cannot be mapped
   * @throws PmemException.Unsupported if this write-back is not to be had, or would make nothing
   *     durable here
   */
  @SuppressWarnings("MustBeClosedChecker") // close() of the mapping closes the arena
  public static PersistentMemory open(Path file, Access access, WriteBack writeBack) {
    requireNonNull(writeBack);
    Arena arena = Arena.ofShared();
    try (FileChannel channel =
        FileChannel.open(
            file,
            access == Access.READ_ONLY
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE))) {
      long bytes = channel.size();
      if (bytes == 0) {
        throw new PmemException.CannotMap(
            "cannot map " + file + ": it is empty; give it its size and its space first", null);
      }
      MemorySegment segment;
      Medium.Kind kind;
      try {
        segment = map(channel, synchronous(access), bytes, arena);
        kind = Medium.Kind.DAX;
      } catch (IOException | UnsupportedOperationException notDax) {
        segment = map(channel, ordinary(access), bytes, arena);
        kind =
            Files.getFileStore(file).type().equals("tmpfs") ? Medium.Kind.TMPFS : Medium.Kind.FILE;
      }
      WriteBack chosen = choose(file, kind, writeBack);
      return new MappedMemory(
          file, arena, segment, access, Medium.of(kind, chosen), Flusher.of(chosen, segment, file));
    } catch (IOException refused) {
      arena.close();
      throw new PmemException.CannotMap("cannot map " + file + ": " + refused, refused);
    } catch (RuntimeException | Error thrown) {
      arena.close();
      throw thrown;
    }
  }

  private static MapMode synchronous(Access access) {
    return access == Access.READ_ONLY
        ? ExtendedMapMode.READ_ONLY_SYNC
        : ExtendedMapMode.READ_WRITE_SYNC;
  }

  private static MapMode ordinary(Access access) {
    return access == Access.READ_ONLY ? MapMode.READ_ONLY : MapMode.READ_WRITE;
  }

  private static MemorySegment map(FileChannel channel, MapMode mode, long bytes, Arena arena)
      throws IOException {
    return channel.map(mode, 0, bytes, arena);
  }

  private static WriteBack choose(Path file, Medium.Kind kind, WriteBack wanted) {
    return switch (wanted) {
      case MSYNC -> WriteBack.MSYNC;
      case AUTO -> {
        if (kind == Medium.Kind.FILE) {
          yield WriteBack.MSYNC;
        }
        for (WriteBack instruction :
            new WriteBack[] {WriteBack.CLWB, WriteBack.CLFLUSHOPT, WriteBack.CLFLUSH}) {
          if (MachineCode.has(instruction)) {
            yield instruction;
          }
        }
        yield UnsafeWriteBack.AVAILABLE.isPresent() ? WriteBack.UNSAFE : WriteBack.MSYNC;
      }
      case CLWB, CLFLUSHOPT, CLFLUSH, UNSAFE -> {
        if (kind == Medium.Kind.FILE) {
          throw new PmemException.Unsupported(
              file
                  + " is an ordinary file: "
                  + wanted.option()
                  + " would leave its bytes in the page cache, where a loss of power takes them;"
                  + " use msync or auto, or a file on persistent memory");
        }
        boolean has =
            wanted == WriteBack.UNSAFE
                ? UnsafeWriteBack.AVAILABLE.isPresent()
                : MachineCode.has(wanted);
        if (!has) {
          throw new PmemException.Unsupported(
              "write-back by "
                  + wanted.option()
                  + " is not to be had: the processor lacks it, or executable pages or native"
                  + " access are refused; use auto");
        }
        yield wanted;
      }
    };
  }

  @Override
  public long bytes() {
    return segment.byteSize();
  }

  @Override
  public boolean readOnly() {
    return access == Access.READ_ONLY;
  }

  @Override
  public Medium medium() {
    return medium;
  }

  @Override
  public long getLong(long offset) {
    return segment.get(LONG, offset);
  }

  @Override
  public int getInt(long offset) {
    return segment.get(INT, offset);
  }

  @Override
  public void setLong(long offset, long value) {
    checkWritable();
    segment.set(LONG, offset, value);
  }

  @Override
  public void setInt(long offset, int value) {
    checkWritable();
    segment.set(INT, offset, value);
  }

  @Override
  public void read(long offset, byte[] target, int at, int length) {
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, at, length);
  }

  @Override
  public void write(long offset, byte[] source, int at, int length) {
    checkWritable();
    MemorySegment.copy(source, at, segment, ValueLayout.JAVA_BYTE, offset, length);
  }

  @Override
  public void stream(long offset, byte[] source, int at, int length) {
    checkWritable();
    if (length < STREAM_BYTES_MIN || !flusher.streams()) {
      write(offset, source, at, length);
      pwb(offset, length);
      return;
    }
    MemorySegment target = segment.asSlice(offset, length);
    MemorySegment from = MemorySegment.ofArray(source).asSlice(at, length);
    // Whole lines past the caches; what lies before and after them the ordinary way.
    int head = (int) (-target.address() & (LINE_BYTES - 1));
    int body = (length - head) & -LINE_BYTES;
    int tail = length - head - body;
    if (head > 0) {
      write(offset, source, at, head);
      pwb(offset, head);
    }
    MachineCode.stream(target.address() + head, from.asSlice(head, body), body);
    if (tail > 0) {
      write(offset + head + body, source, at + head + body, tail);
      pwb(offset + head + body, tail);
    }
  }

  @Override
  public void copy(long from, long to, long length) {
    checkWritable();
    MemorySegment.copy(segment, from, segment, to, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    checkWritable();
    segment.asSlice(offset, length).fill(value);
  }

  @Override
  public void pwb(long offset, long length) {
    Objects.checkFromIndexSize(offset, /* size= */ length, /* length= */ segment.byteSize());
    if (length > 0) {
      flusher.pwb(segment.address(), offset, length);
    }
  }

  @Override
  public void pwbLines(long base, int[] lines, int count) {
    checkLines(base, lines, count);
    flusher.pwbLines(segment.address(), base, lines, count);
  }

  @Override
  public void persistLines(long base, int[] lines, int count, long next) {
    checkLines(base, lines, count);
    flusher.persistLines(segment.address(), base, lines, count, next);
  }

  @Override
  public void persistLong(long offset, long value) {
    checkWritable();
    Objects.checkIndex(offset, segment.byteSize() - (Long.BYTES - 1));
    if (offset % Long.BYTES != 0) {
      throw new IndexOutOfBoundsException(offset + " is not aligned");
    }
    flusher.persistLong(this, offset, value);
  }

  @Override
  public void copyLines(long from, long to, int[] lines, int count) {
    checkWritable();
    checkLines(from, lines, count);
    checkLines(to, lines, count);
    flusher.copyLines(this, from, to, lines, count);
  }

  @Override
  public void streamLines(long from, long to, int[] lines, int count) {
    checkWritable();
    checkLines(from, lines, count);
    checkLines(to, lines, count);
    flusher.streamLines(this, from, to, lines, count);
  }

  private void checkLines(long base, int[] lines, int count) {
    int first = 0;
    int last = 0;
    for (int i = 0; i < count; i++) {
      first = Math.min(first, lines[i]);
      last = Math.max(last, lines[i]);
    }
    if (base % LINE_BYTES != 0 || first < 0) {
      throw new IndexOutOfBoundsException("line " + first + " from " + base + " is not a line");
    }
    Objects.checkFromIndexSize(base, (last + 1L) * LINE_BYTES, segment.byteSize());
  }

  @Override
  public void pfence() {
    flusher.pfence();
  }

  @Override
  public void handOver() {
    flusher.handOver();
  }

  /** Maps the longer file as a whole; the shorter mapping of the same pages goes with the arena. */
  @Override
  public void grow(long bytes) {
    checkWritable();
    long before = segment.byteSize();
    if (bytes <= before) {
      return;
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (channel.size() < before) {
        throw new IOException("it has become shorter since it was mapped");
      }
      try {
        ByteBuffer zeros = ByteBuffer.allocate(GROWTH_STEP_BYTES);
        for (long at = before; at < bytes; ) {
          zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
          at += channel.write(zeros, at);
        }
        // Space and length must be durable before anything in the memory relies on them.
        channel.force(true);
        segment =
            map(
                channel,
                medium.kind() == Medium.Kind.DAX ? synchronous(access) : ordinary(access),
                bytes,
                arena);
        flusher.grown(segment);
      } catch (IOException full) {
        channel.truncate(before);
        throw full;
      }
    } catch (IOException refused) {
      throw new PmemException.CannotGrow(
          "cannot make "
              + file
              + " longer, from "
              + before
              + " to "
              + bytes
              + " bytes: "
              + refused.getMessage(),
          refused);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  @Override
  public String toString() {
    return file + " (" + medium.kind() + ", " + medium.writeBack().option() + ")";
  }

  private void checkWritable() {
    if (access == Access.READ_ONLY) {
      throw new PmemException.ReadOnly();
    }
  }

  /** The three ways to make a mapping durable. */
  private abstract static sealed class Flusher {
    static Flusher of(WriteBack writeBack, MemorySegment segment, Path file) {
      return switch (writeBack) {
        case CLWB, CLFLUSHOPT, CLFLUSH -> new Instructions(writeBack);
        case UNSAFE -> new Machine(UnsafeWriteBack.AVAILABLE.orElseThrow());
        case MSYNC -> new Msync(segment, file);
        case AUTO -> throw new IllegalArgumentException("a choice is still to be made");
      };
    }

    /** The range has been checked; {@code start} is the address of the mapping. */
    abstract void pwb(long start, long offset, long bytes);

    void pwbLines(long start, long base, int[] lines, int count) {
      for (int i = 0; i < count; i++) {
        pwb(start, base + (long) lines[i] * LINE_BYTES, LINE_BYTES);
      }
    }

    void copyLines(MappedMemory memory, long from, long to, int[] lines, int count) {
      for (int i = 0; i < count; i++) {
        long offset = (long) lines[i] * LINE_BYTES;
        memory.copy(from + offset, to + offset, LINE_BYTES);
      }
    }

    void streamLines(MappedMemory memory, long from, long to, int[] lines, int count) {
      copyLines(memory, from, to, lines, count);
      pwbLines(memory.segment.address(), to, lines, count);
    }

    void persistLines(long start, long base, int[] lines, int count, long next) {
      pwbLines(start, base, lines, count);
      pfence();
    }

    void persistLong(MappedMemory memory, long offset, long value) {
      memory.setLong(offset, value);
      pwb(memory.segment.address(), offset, Long.BYTES);
      pfence();
    }

    abstract void pfence();

    abstract void handOver();

    /** The memory has grown: this maps all of it, what was mapped before too. */
    void grown(MemorySegment all) {}

    abstract boolean streams();
  }

  private static final class Instructions extends Flusher {
    private final WriteBack instruction;

    Instructions(WriteBack instruction) {
      this.instruction = instruction;
    }

    // Java may not move a store past the call of foreign code, nor forward over it, but says so
    // nowhere: the fences of Java in front and behind cost nothing on x86.

    @Override
    void pwb(long start, long offset, long bytes) {
      VarHandle.releaseFence();
      MachineCode.writeBack(instruction, start + offset, start + offset + bytes);
    }

    @Override
    void pwbLines(long start, long base, int[] lines, int count) {
      VarHandle.releaseFence();
      MachineCode.writeBackLines(instruction, start + base, lines, count);
    }

    @Override
    void copyLines(MappedMemory memory, long from, long to, int[] lines, int count) {
      if (count == 0) {
        return;
      }
      VarHandle.releaseFence();
      long start = memory.segment.address();
      MachineCode.copyLines(start + from, start + to, lines, count);
      VarHandle.acquireFence();
    }

    @Override
    void streamLines(MappedMemory memory, long from, long to, int[] lines, int count) {
      if (count == 0) {
        return;
      }
      VarHandle.releaseFence();
      long start = memory.segment.address();
      MachineCode.streamLines(start + from, start + to, lines, count);
      VarHandle.acquireFence();
    }

    @Override
    void persistLines(long start, long base, int[] lines, int count, long next) {
      if (count == 0) {
        pfence();
        return;
      }
      VarHandle.releaseFence();
      // A hint: an address that is none is ignored. More than this would push each other out.
      long fetched = count <= FETCHED_LINES_MAX ? next : base;
      MachineCode.writeBackLinesAndFence(instruction, start + base, lines, count, start + fetched);
      VarHandle.acquireFence();
    }

    @Override
    void persistLong(MappedMemory memory, long offset, long value) {
      VarHandle.releaseFence();
      MachineCode.streamWordAndFence(memory.segment.address() + offset, value);
      VarHandle.acquireFence();
    }

    @Override
    void pfence() {
      VarHandle.releaseFence();
      MachineCode.sfence();
      VarHandle.releaseFence();
      VarHandle.acquireFence();
    }

    @Override
    void handOver() {
      VarHandle.releaseFence();
      MachineCode.sfence();
    }

    @Override
    boolean streams() {
      return true;
    }
  }

  private static final class Machine extends Flusher {
    private final UnsafeWriteBack unsafe;

    Machine(UnsafeWriteBack unsafe) {
      this.unsafe = unsafe;
    }

    @Override
    void pwb(long start, long offset, long bytes) {
      unsafe.writeBack(start + offset, start + offset + bytes);
    }

    @Override
    void pfence() {
      // Each pwb has waited already.
      VarHandle.fullFence();
    }

    @Override
    void handOver() {
      VarHandle.fullFence();
    }

    @Override
    boolean streams() {
      return false;
    }
  }

  /**
   * One msync a fence, over one span: 20 ms a call here, whatever its length, so a call a line
   * would cost a second. The span belongs to the mapping and not to a thread. After a failure
   * nobody knows which pages the kernel dropped, so that trying again would only seem to succeed.
   */
  private static final class Msync extends Flusher {
    private final Path file;
    private MemorySegment segment;
    private long dirtyStart = Long.MAX_VALUE;
    private long dirtyEnd;
    private RuntimeException failure;

    Msync(MemorySegment segment, Path file) {
      this.segment = segment;
      this.file = file;
    }

    @Override
    synchronized void pwb(long start, long offset, long bytes) {
      dirtyStart = Math.min(dirtyStart, offset);
      dirtyEnd = Math.max(dirtyEnd, offset + bytes);
    }

    @Override
    synchronized void pfence() {
      if (failure != null) {
        throw new PmemException.WriteBackFailed(
            "an earlier msync of "
                + file
                + " failed: nothing more can be made durable through this mapping",
            failure);
      }
      if (dirtyStart >= dirtyEnd) {
        return;
      }
      try {
        segment.asSlice(dirtyStart, dirtyEnd - dirtyStart).force();
      } catch (UncheckedIOException refused) {
        failure = refused;
        throw new PmemException.WriteBackFailed(
            "msync of " + file + " failed: " + refused.getMessage() + "; look after the disk",
            refused);
      }
      dirtyStart = Long.MAX_VALUE;
      dirtyEnd = 0;
    }

    @Override
    void handOver() {
      // The span is everybody's.
    }

    @Override
    synchronized void grown(MemorySegment all) {
      segment = all;
    }

    @Override
    boolean streams() {
      return false;
    }
  }
}
