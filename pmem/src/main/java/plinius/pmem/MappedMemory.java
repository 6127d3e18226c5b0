package plinius.pmem;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import jdk.nio.mapmode.ExtendedMapMode;

/**
 * A file mapped as persistent memory. The medium is found out by trying: where the operating system
 * grants a synchronous mapping the file lies on persistent memory (DAX); a file of tmpfs is
 * emulated persistent memory; any other file is reached through the page cache, where writing a
 * cache line back makes nothing durable, so that only msync counts. Under Gramine it is the other
 * way round: what it maps is the host's and cannot be asked for, and its msync does nothing.
 *
 * <p>The file exists, has its size and its space already: a store into a hole of a full disk would
 * kill the store.
 */
public abstract sealed class MappedMemory implements PersistentMemory {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Whether Gramine maps for us, which has these files and Linux has not. */
  private static final boolean GRAMINE = Files.exists(Path.of("/dev/attestation"));

  private final Mapping mapping;

  // Of the mapping, for every load and store.
  private final MemorySegment segment;
  private final boolean readOnly;

  /** What {@link #open} found out. */
  private record Mapping(
      Path file, Arena arena, MemorySegment segment, boolean readOnly, Medium medium) {}

  private MappedMemory(Mapping mapping) {
    this.mapping = mapping;
    segment = mapping.segment;
    readOnly = mapping.readOnly;
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
    boolean readOnly = access == Access.READ_ONLY;
    Arena arena = Arena.ofShared();
    try (FileChannel channel =
        FileChannel.open(file, readOnly ? Set.of(READ) : Set.of(READ, WRITE))) {
      long bytes = channel.size();
      if (bytes == 0) {
        throw new PmemException.CannotMap(
            "cannot map " + file + ": it is empty; give it its size and its space first", null);
      }
      MemorySegment segment;
      Medium.Kind kind;
      try {
        segment = channel.map(mode(readOnly, true), 0, bytes, arena);
        kind = Medium.Kind.DAX;
      } catch (IOException | UnsupportedOperationException notDax) {
        segment = channel.map(mode(readOnly, false), 0, bytes, arena);
        kind = GRAMINE ? Medium.Kind.GRAMINE : byFileSystem(file);
      }
      WriteBack chosen = choose(file, kind, writeBack, MappedMemory::has);
      Mapping mapping = new Mapping(file, arena, segment, readOnly, new Medium(kind, chosen));
      return switch (chosen) {
        case MSYNC -> new BySystem(mapping);
        case UNSAFE -> new ByVirtualMachine(mapping, UnsafeWriteBack.AVAILABLE.orElseThrow());
        default -> new ByInstruction(mapping, chosen);
      };
    } catch (IOException refused) {
      arena.close();
      throw new PmemException.CannotMap("cannot map " + file + ": " + refused, refused);
    } catch (RuntimeException | Error thrown) {
      arena.close();
      throw thrown;
    }
  }

  private static MapMode mode(boolean readOnly, boolean synchronous) {
    return synchronous
        ? readOnly ? ExtendedMapMode.READ_ONLY_SYNC : ExtendedMapMode.READ_WRITE_SYNC
        : readOnly ? MapMode.READ_ONLY : MapMode.READ_WRITE;
  }

  private static Medium.Kind byFileSystem(Path file) throws IOException {
    String type = Files.getFileStore(file).type();
    return Set.of("tmpfs", "ramfs").contains(type) ? Medium.Kind.TMPFS : Medium.Kind.FILE;
  }

  /**
   * The write-back for a medium.
   *
   * @param has whether this process has a write-back
   * @throws PmemException.Unsupported if it is not to be had, or would make nothing durable
   */
  static WriteBack choose(Path file, Medium.Kind kind, WriteBack wanted, Predicate<WriteBack> has) {
    if (wanted == WriteBack.AUTO) {
      Stream<WriteBack> byPreference = Stream.of(WriteBack.values()).skip(1).filter(has);
      boolean paged = kind == Medium.Kind.FILE;
      return choose(
          file, kind, paged ? WriteBack.MSYNC : byPreference.findFirst().orElseThrow(), has);
    }
    if (wanted == WriteBack.MSYNC && kind == Medium.Kind.GRAMINE) {
      throw new PmemException.Unsupported(
          file
              + " is mapped by Gramine, whose msync does nothing: a write-back instruction is"
              + " needed, and executable pages or native access for it");
    }
    if (wanted != WriteBack.MSYNC && kind == Medium.Kind.FILE) {
      throw new PmemException.Unsupported(
          ("%s is an ordinary file: %s would leave its bytes in the page cache, where a loss of"
                  + " power takes them; use msync or auto, or a file on persistent memory")
              .formatted(file, wanted.option()));
    }
    if (!has.test(wanted)) {
      throw new PmemException.Unsupported(
          ("write-back by %s is not to be had: the processor lacks it, or executable pages or"
                  + " native access are refused; use auto")
              .formatted(wanted.option()));
    }
    return wanted;
  }

  private static boolean has(WriteBack writeBack) {
    return switch (writeBack) {
      case MSYNC -> true;
      case UNSAFE -> UnsafeWriteBack.AVAILABLE.isPresent();
      default -> MachineCode.has(writeBack);
    };
  }

  @Override
  public final long bytes() {
    return segment.byteSize();
  }

  @Override
  public final boolean readOnly() {
    return readOnly;
  }

  @Override
  public final Medium medium() {
    return mapping.medium;
  }

  @Override
  public final long getLong(long offset) {
    return segment.get(LONG, offset);
  }

  @Override
  public final int getInt(long offset) {
    return segment.get(INT, offset);
  }

  @Override
  public final void setLong(long offset, long value) {
    checkWritable();
    segment.set(LONG, offset, value);
  }

  @Override
  public final void setInt(long offset, int value) {
    checkWritable();
    segment.set(INT, offset, value);
  }

  @Override
  public final void read(long offset, byte[] target, int at, int length) {
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, at, length);
  }

  @Override
  public final void write(long offset, byte[] source, int at, int length) {
    checkWritable();
    MemorySegment.copy(source, at, segment, ValueLayout.JAVA_BYTE, offset, length);
  }

  @Override
  public final void copy(long from, long to, long length) {
    checkWritable();
    MemorySegment.copy(segment, from, segment, to, length);
  }

  @Override
  public final void fill(long offset, long length, byte value) {
    checkWritable();
    segment.asSlice(offset, length).fill(value);
  }

  @Override
  public void close() {
    if (mapping.arena.scope().isAlive()) {
      mapping.arena.close();
    }
  }

  @Override
  public final String toString() {
    return mapping.file + " (" + medium().kind() + ", " + medium().writeBack().option() + ")";
  }

  private void checkWritable() {
    if (readOnly) {
      throw new PmemException.ReadOnly();
    }
  }

  /** The address of a range of the mapping. */
  private long address(long offset, long length) {
    Objects.checkFromIndexSize(offset, /* size= */ length, /* length= */ segment.byteSize());
    return segment.address() + offset;
  }

  private static final class ByInstruction extends MappedMemory {
    /** From here on a copy past the caches is the cheaper one. */
    private static final int STREAMED_BYTES_MIN = 1024;

    /** Likewise, of lines: its fence costs as much as writing so many back. */
    private static final int STREAMED_LINES_MIN = 16;

    private final WriteBack instruction;

    ByInstruction(Mapping mapping, WriteBack instruction) {
      super(mapping);
      this.instruction = instruction;
    }

    // Java may not move a store past the call of foreign code, nor forward over it, but says so
    // nowhere: the fences of Java in front and behind cost nothing on x86.

    @Override
    public void pwb(long offset, long length) {
      long start = super.address(offset, length);
      if (length > 0) {
        VarHandle.releaseFence();
        MachineCode.writeBack(instruction, start, start + length);
      }
    }

    @Override
    public void pfence() {
      VarHandle.releaseFence();
      MachineCode.sfence();
      VarHandle.releaseFence();
      VarHandle.acquireFence();
    }

    @Override
    public void pwbLines(long base, long next, int[] lines, int count) {
      int bound = linesFrom(base, base);
      if (count > 0) {
        long start = super.segment.address() + base;
        VarHandle.releaseFence();
        // Few are copied through the cache, and the fence takes as long as fetching them.
        long fetched = count < STREAMED_LINES_MIN ? super.segment.address() + next : start;
        checkAll(
            MachineCode.pwbLines(instruction, start, fetched, lines, count, bound), lines, count);
      }
    }

    @Override
    public void copyLines(long from, long to, int[] lines, int count) {
      super.checkWritable();
      int bound = linesFrom(from, to);
      if (count == 0) {
        return;
      }
      long source = super.segment.address() + from;
      long target = super.segment.address() + to;
      VarHandle.releaseFence();
      int left =
          count >= STREAMED_LINES_MIN
              ? MachineCode.streamLines(source, target, lines, count, bound)
              : MachineCode.copyLines(instruction, source, target, lines, count, bound);
      VarHandle.acquireFence();
      checkAll(left, lines, count);
    }

    /** Lines from the later one of two bases to the end. */
    private int linesFrom(long base, long other) {
      long left = super.segment.byteSize() - Math.max(base, other);
      if ((base | other | left) < 0 || ((base | other) & (LINE_BYTES - 1)) != 0) {
        throw new IndexOutOfBoundsException(base + " or " + other + " is no line of the memory");
      }
      return (int) Math.min(left >> 6, Integer.MAX_VALUE);
    }

    /** Every number is checked where it is used, so that they are gone through once. */
    private static void checkAll(int left, int[] lines, int count) {
      if (left != 0) {
        throw new IndexOutOfBoundsException("there is no line " + lines[count - left]);
      }
    }

    @Override
    public void stream(long offset, byte[] source, int at, int length) {
      if (length < STREAMED_BYTES_MIN) {
        super.stream(offset, source, at, length);
        return;
      }
      super.checkWritable();
      long target = super.address(offset, length);
      MemorySegment from = MemorySegment.ofArray(source).asSlice(at, length);
      // Whole lines past the caches; what lies before and after them the ordinary way.
      int head = (int) (-target & (LINE_BYTES - 1));
      int body = (length - head) & -LINE_BYTES;
      super.stream(offset, source, at, head);
      MachineCode.stream(target + head, from.asSlice(head, body), body);
      int done = head + body;
      super.stream(offset + done, source, at + done, length - done);
    }
  }

  private static final class ByVirtualMachine extends MappedMemory {
    private final UnsafeWriteBack unsafe;

    ByVirtualMachine(Mapping mapping, UnsafeWriteBack unsafe) {
      super(mapping);
      this.unsafe = unsafe;
    }

    @Override
    public void pwb(long offset, long length) {
      long start = super.address(offset, length);
      if (length > 0) {
        unsafe.writeBack(start, start + length);
      }
    }

    @Override
    public void pfence() {
      // Each pwb has waited already.
      VarHandle.fullFence();
    }
  }

  /**
   * One msync a fence, over one span: 20 ms a call here, whatever its length, so a call a line
   * would cost a second. The span belongs to the mapping and not to a thread. After a failure
   * nobody knows which pages the kernel dropped, so that trying again would only seem to succeed.
   *
   * <p>Each msync protects what it wrote against writing, and the first store into a page then
   * takes a fault, which costs ten times the store. So what is streamed is written to the file
   * instead: the same pages of the page cache, hence seen through the mapping at once, and covered
   * by the same msync.
   */
  private static final class BySystem extends MappedMemory {
    private final FileChannel channel;
    private long dirtyStart = Long.MAX_VALUE;
    private long dirtyEnd;
    private Exception failure;

    BySystem(Mapping mapping) throws IOException {
      super(mapping);
      channel = FileChannel.open(mapping.file, mapping.readOnly ? READ : WRITE);
    }

    @Override
    public void stream(long offset, byte[] source, int at, int length) {
      super.checkWritable();
      super.address(offset, length);
      ByteBuffer left = ByteBuffer.wrap(source, at, length);
      try {
        while (left.hasRemaining()) {
          channel.write(left, offset + left.position() - at);
        }
        pwb(offset, length);
      } catch (ClosedChannelException interrupted) {
        // An interrupt of a thread that writes closes a channel for all; the mapping it leaves.
        super.stream(offset, source, at, length);
      } catch (IOException refused) {
        throw failed("writing", refused);
      }
    }

    @Override
    public synchronized void pwb(long offset, long length) {
      super.address(offset, length);
      if (length > 0) {
        dirtyStart = Math.min(dirtyStart, offset);
        dirtyEnd = Math.max(dirtyEnd, offset + length);
      }
    }

    @Override
    public synchronized void pfence() {
      if (failure != null) {
        throw new PmemException.WriteBackFailed(
            "an earlier write-back of %s failed: nothing more can be made durable through this mapping"
                .formatted(super.mapping.file),
            failure);
      }
      if (dirtyStart >= dirtyEnd) {
        return;
      }
      try {
        super.segment.asSlice(dirtyStart, dirtyEnd - dirtyStart).force();
      } catch (UncheckedIOException refused) {
        throw failed("msync", refused.getCause());
      }
      dirtyStart = Long.MAX_VALUE;
      dirtyEnd = 0;
    }

    private synchronized PmemException failed(String what, IOException refused) {
      failure = refused;
      return new PmemException.WriteBackFailed(
          "%s of %s failed: %s; look after the disk"
              .formatted(what, super.mapping.file, refused.getMessage()),
          refused);
    }

    @Override
    public void handOver() {
      // The span is everybody's.
    }

    @Override
    public void close() {
      super.close();
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot close " + super.mapping.file, e);
      }
    }
  }
}
