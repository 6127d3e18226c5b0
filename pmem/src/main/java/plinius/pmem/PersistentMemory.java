package plinius.pmem;

/**
 * A range of byte-addressable memory that outlives the process, and the two operations that order
 * what reaches it: pwb and pfence (Izraelevitz, Mendes and Scott, DISC 2016, whose psync is a
 * pfence here). Offsets and lengths are bytes; integers are little-endian.
 *
 * <p>A store is durable once a {@link #pwb} that covers it was followed by a {@link #pfence} <em>of
 * the same thread</em>, or by a {@link #handOver} of that thread and then a pfence of another one.
 * Before that it may or may not survive, whatever came earlier or later. Only aligned 8-byte stores
 * are atomic; longer ones may be torn between their words.
 *
 * <p>Every access is checked against {@link #bytes()} and throws {@link IndexOutOfBoundsException}
 * outside. Loads and stores may come from any thread; who may store where is the caller's protocol.
 */
public interface PersistentMemory extends AutoCloseable {

  /** The granularity of write-back on x86: stores to one line reach the medium in program order. */
  int LINE_BYTES = 64;

  /** The granularity at which an operating system writes an ordinary file back. */
  int PAGE_BYTES = 4096;

  /** Size of this memory. */
  long bytes();

  /** Whether stores are refused. */
  boolean readOnly();

  /** What this memory is made of, and what it promises. */
  Medium medium();

  /** Loads 8 bytes at an 8-byte aligned offset. */
  long getLong(long offset);

  /** Loads 4 bytes at a 4-byte aligned offset. */
  int getInt(long offset);

  /** Stores 8 bytes at an 8-byte aligned offset, atomically with respect to a crash. */
  void setLong(long offset, long value);

  /** Stores 4 bytes at a 4-byte aligned offset. */
  void setInt(long offset, int value);

  /** Copies out {@code length} bytes from {@code offset} to {@code target[at..]}. */
  void read(long offset, byte[] target, int at, int length);

  /**
   * Copies in {@code length} bytes from {@code source[at..]}; to be written back with {@link #pwb}.
   */
  void write(long offset, byte[] source, int at, int length);

  /**
   * {@link #write} and {@link #pwb} in one, for data that will not be read soon: an implementation
   * may bypass the caches. The next pfence covers it.
   *
   * @throws PmemException.WriteBackFailed as {@link #pfence}, which fails from then on
   */
  default void stream(long offset, byte[] source, int at, int length) {
    write(offset, source, at, length);
    pwb(offset, length);
  }

  /** Copies {@code length} bytes within this memory; the ranges do not overlap. */
  void copy(long from, long to, long length);

  /** Sets {@code length} bytes to {@code value}. */
  void fill(long offset, long length, byte value);

  /**
   * Begins to write back every line of {@code [offset, offset + length)}, whole lines, also where
   * the range does not begin on one. Not ordered by itself.
   */
  void pwb(long offset, long length);

  /**
   * {@link #copy} of the first {@code count} of these lines, numbered from either base, and {@link
   * #pwb} of the copies; an implementation may bypass the caches. A base is a multiple of a line.
   */
  default void copyLines(long from, long to, int[] lines, int count) {
    for (int i = 0; i < count; i++) {
      long offset = (long) lines[i] * LINE_BYTES;
      copy(from + offset, to + offset, LINE_BYTES);
      pwb(to + offset, LINE_BYTES);
    }
  }

  /**
   * {@link #pwb} of the first {@code count} of these lines, numbered from {@code base}, which is a
   * multiple of a line.
   *
   * @param next where the same lines will be stored to soon, numbered from there: an implementation
   *     may fetch them meanwhile; nothing depends on it
   */
  default void pwbLines(long base, long next, int[] lines, int count) {
    for (int i = 0; i < count; i++) {
      pwb(base + (long) lines[i] * LINE_BYTES, LINE_BYTES);
    }
  }

  /**
   * Waits until what this thread wrote back before is durable: what it stores afterwards cannot
   * reach the medium earlier.
   *
   * @throws PmemException.WriteBackFailed if the medium refused; what survives is then unknown, and
   *     so it stays: every further pfence fails too
   */
  void pfence();

  /**
   * Passes what this thread wrote back to whichever thread executes the next {@link #pfence},
   * provided the two are ordered by a lock or a join. Needed because a fence instruction waits for
   * the write-backs of its own processor only; so a fence of this thread's own does it.
   */
  default void handOver() {
    pfence();
  }

  /**
   * Makes this memory longer; what is there stays where it is, what is new is zero and has its
   * space on the medium already. Not to be called by two threads at once.
   *
   * @throws PmemException.CannotGrow if there is no room, or no way; nothing has changed then
   */
  default void grow(long bytes) {
    throw new PmemException.CannotGrow("this kind of memory has a fixed size", null);
  }

  /** Unmaps. Does not write anything back. */
  @Override
  void close();
}
