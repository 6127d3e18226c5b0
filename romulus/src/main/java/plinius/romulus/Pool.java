package plinius.romulus;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import plinius.pmem.PersistentMemory;

/**
 * Durable transactions in persistent memory: Romulus (Correia, Felber and Ramalhete, SPAA 2018) in
 * the form with two fences, where the twins change places and all references are offsets.
 *
 * <p>Twin C is the last committed state, twin W the working copy; one 8-byte word in the header
 * says which is which. An update changes W and records where; commits by making W durable (fence a)
 * and flipping the word (fence b); then copies what it changed from the new C to the new W. So the
 * durable image always holds one complete twin that the word names, a crash loses nothing but the
 * transaction that was under way, taking one back is a copy of what it changed, and readers on C
 * see only durable data and wait for nobody.
 *
 * <p>One update at a time; an update inside an update joins it. Reads run beside it, on the state
 * before. Bodies run once, on the caller's thread. Whatever they throw takes the transaction back
 * and is thrown on.
 */
public final class Pool implements AutoCloseable {
  /** The body of an update. */
  @FunctionalInterface
  public interface Update<R> {
    /** Changes the pool and returns what {@link Pool#update} returns. */
    R run(Tx tx);
  }

  /** The body of a read. */
  @FunctionalInterface
  public interface Read<R> {
    /** Looks at the pool and returns what {@link Pool#read} returns. */
    R run(ReadTx tx);
  }

  /** Past this part of a twin the log gives up on single lines: then a plain copy is as fast. */
  private static final long CUT_OVER_DIVISOR = 4;

  private final PersistentMemory memory;
  private final PoolFormat.Header header;
  private final Readers readers;
  private final TwinLog log;
  private final ReentrantLock writer = new ReentrantLock();
  private final ThreadLocal<int[]> readDepth = ThreadLocal.withInitial(() -> new int[1]);

  /**
   * The sequence of the committed state: its parity is the committed twin. Written under the
   * writer's lock.
   */
  private volatile long sequence;

  private volatile Throwable poison;
  private volatile boolean closed;
  private WorkingView current; // under the writer's lock
  private boolean recovered; // likewise

  private final LongAdder commits = new LongAdder();
  private final LongAdder aborts = new LongAdder();
  private final LongAdder pfences = new LongAdder();
  private final LongAdder writtenBackBytes = new LongAdder();
  private final LongAdder copiedBytes = new LongAdder();
  private final LongAdder recoveredBytes = new LongAdder();
  private final LongAdder extentBytes = new LongAdder();

  private Pool(
      PersistentMemory memory,
      PoolFormat.Header header,
      long sequence,
      Readers readers,
      long cutOverBytes) {
    this.memory = memory;
    this.header = header;
    this.sequence = sequence;
    this.readers = readers;
    this.log = new TwinLog(header.twinBytes(), cutOverBytes);
  }

  /**
   * Makes an empty pool of the whole memory, in place. A crash before the end leaves a memory that
   * is not a pool and can be formatted again.
   *
   * @param twinBytes bytes of each twin, a multiple of 4096; see {@link PoolSizing}
   * @throws PoolException.Incompatible if the memory holds a pool or something else
   */
  public static Pool format(PersistentMemory memory, PoolIdentity identity, long twinBytes) {
    if (memory.readOnly()) {
      throw new PoolException.ReadOnly();
    }
    long poolBytes = memory.bytes() & -PoolFormat.PAGE_BYTES;
    String wrong = PoolFormat.wrongSizes(poolBytes, twinBytes);
    if (wrong != null) {
      throw new IllegalArgumentException(wrong);
    }
    if (memory.getLong(PoolFormat.MAGIC_OFFSET) != 0) {
      throw new PoolException.Incompatible(
          "the memory is not empty: it holds a pool or something else; remove the file first");
    }
    PoolFormat.Header header =
        new PoolFormat.Header(requireNonNull(identity), poolBytes, twinBytes);
    formatTwin(memory, header);
    memory.fill(PoolFormat.WORD_OFFSET, PoolFormat.PAGE_BYTES, (byte) 0);
    memory.setLong(PoolFormat.WORD_OFFSET, PoolFormat.word(0));
    memory.pwb(PoolFormat.WORD_OFFSET, PoolFormat.PAGE_BYTES);
    byte[] page = PoolFormat.encode(header);
    memory.write(Long.BYTES, page, Long.BYTES, page.length - Long.BYTES);
    memory.pwb(0, PoolFormat.PAGE_BYTES);
    // All of the pool must be durable before the mark says that it is one.
    memory.pfence();
    memory.setLong(PoolFormat.MAGIC_OFFSET, PoolFormat.MAGIC);
    memory.pwb(PoolFormat.MAGIC_OFFSET, Long.BYTES);
    memory.pfence();
    return open(memory);
  }

  private static void formatTwin(PersistentMemory memory, PoolFormat.Header header) {
    long base = header.twin(0);
    TwinStore twin =
        new TwinStore() {
          @Override
          public long get(long offset) {
            return memory.getLong(base + offset);
          }

          @Override
          public void set(long offset, long value) {
            memory.setLong(base + offset, value);
          }

          @Override
          public void zero(long offset, long bytes) {
            memory.fill(base + offset, bytes, (byte) 0);
          }

          @Override
          public long committed(long offset) {
            return 0;
          }
        };
    Heap heap = new Heap(twin, header.twinBytes());
    heap.format();
    long areaPages = (header.poolBytes() - header.extentsOffset()) / PoolFormat.PAGE_BYTES;
    twin.set(Heap.MAP_REF_OFFSET, heap.alloc(ExtentMap.mapBytes(areaPages)));
    twin.set(Heap.AREA_PAGES_OFFSET, areaPages);
    memory.pwb(base, twin.get(Heap.TOP_OFFSET));
  }

  /**
   * Opens a pool: reads and checks header, committed twin and allocator, and writes nothing. What a
   * crash left in the working twin is replaced by the first update.
   *
   * @throws PoolException.NotFormatted if there is none yet
   * @throws PoolException.Corrupt if anything is not as this program leaves it
   */
  public static Pool open(PersistentMemory memory) {
    return open(memory, new Readers(), Long.MAX_VALUE);
  }

  /** For tests: other read indicators, an earlier cut-over. */
  static Pool open(PersistentMemory memory, Readers readers, long cutOverBytes) {
    PoolFormat.Header header = PoolFormat.readHeader(memory);
    long sequence = PoolFormat.readSequence(memory);
    check(memory, header, sequence);
    return new Pool(
        memory,
        header,
        sequence,
        readers,
        Math.min(cutOverBytes, Math.max(header.twinBytes() / CUT_OVER_DIVISOR, 1 << 16)));
  }

  private static HeapCheck.Summary check(
      PersistentMemory memory, PoolFormat.Header header, long sequence) {
    long base = header.twin((int) (sequence & 1));
    long areaPagesMax = (memory.bytes() - header.extentsOffset()) / PoolFormat.PAGE_BYTES;
    return HeapCheck.check(
        offset -> memory.getLong(base + offset), header.twinBytes(), areaPagesMax);
  }

  /** What {@link #open} would find, without keeping anything open. */
  public static PoolInfo inspect(PersistentMemory memory) {
    PoolFormat.Header header = PoolFormat.readHeader(memory);
    long sequence = PoolFormat.readSequence(memory);
    return info(memory, header, sequence, check(memory, header, sequence));
  }

  private static PoolInfo info(
      PersistentMemory memory, PoolFormat.Header header, long sequence, HeapCheck.Summary heap) {
    return new PoolInfo(
        PoolFormat.VERSION,
        header.identity(),
        header.poolBytes(),
        header.twinBytes(),
        sequence,
        (int) (sequence & 1),
        heap.usedBytes(),
        header.twinBytes() - Heap.BLOCKS_OFFSET - heap.usedBytes(),
        heap.areaPages() * PoolFormat.PAGE_BYTES,
        heap.usedPages() * PoolFormat.PAGE_BYTES,
        heap.extents(),
        heap.roots(),
        memory.medium());
  }

  /**
   * Runs a transaction; returns after it is durable. One that changes nothing costs no fence.
   *
   * @throws PoolException.Aborted if it was taken back by {@link Tx#abort} or because one that had
   *     joined it failed
   * @throws PoolException.Poisoned if an earlier write-back failed
   */
  public <R> R update(Update<R> body) {
    if (memory.readOnly()) {
      throw new PoolException.ReadOnly();
    }
    if (writer.isHeldByCurrentThread()) {
      return join(body);
    }
    if (readDepth.get()[0] > 0) {
      throw new IllegalStateException(
          "an update inside a read would wait for that read for ever: end the read first");
    }
    writer.lock();
    try {
      checkUsable();
      if (!recovered) {
        recover();
      }
      WorkingView tx = new WorkingView(memory, header, working(), log, extentBytes);
      R result = run(tx, body);
      if (!log.isEmpty()) {
        commit();
      }
      return result;
    } finally {
      writer.unlock();
    }
  }

  private <R> R join(Update<R> body) {
    WorkingView tx = current;
    if (tx == null) {
      throw new IllegalStateException("the transaction is being ended");
    }
    try {
      return body.run(tx);
    } catch (Throwable thrown) {
      tx.doom(thrown);
      throw thrown;
    }
  }

  private <R> R run(WorkingView tx, Update<R> body) {
    current = tx;
    try {
      R result = body.run(tx);
      tx.end();
      return result;
    } catch (Throwable thrown) {
      tx.endAbruptly();
      rollBack(thrown);
      throw thrown;
    } finally {
      current = null;
    }
  }

  /**
   * The two fences. Whatever goes wrong between them, nobody knows which state is durable: no
   * retry, since the kernel may have dropped what it could not write; the next open finds out.
   */
  private void commit() {
    int working = working();
    long next = sequence + 1;
    long top = memory.getLong(header.twin(working) + Heap.TOP_OFFSET);
    try {
      writeBackWorking(working, top);
      // a: all of W, and the extents that it names, must be durable before the word calls it
      // committed.
      pfence();
      storeWord(next);
      // b: the flip must be durable before the caller hears of it, and before the old C is
      // overwritten.
      pfence();
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
    sequence = next;
    commits.increment();
    try {
      // Readers still on the old C would see it change under them, and extents that it names
      // reused.
      readers.drain(working());
      copiedBytes.add(copyLog(top));
    } catch (Throwable failed) {
      poison = failed; // the commit stands; there is no working twin any more
    }
  }

  private void writeBackWorking(int working, long top) {
    long base = header.twin(working);
    log.forEach(
        top,
        (offset, bytes) -> {
          memory.pwb(base + offset, bytes);
          writtenBackBytes.add(bytes);
        });
  }

  private void storeWord(long next) {
    if (next > PoolFormat.SEQUENCE_MAX) {
      throw new IllegalStateException("the pool has run out of sequence numbers");
    }
    memory.setLong(PoolFormat.WORD_OFFSET, PoolFormat.word(next));
    memory.pwb(PoolFormat.WORD_OFFSET, Long.BYTES);
    writtenBackBytes.add(PersistentMemory.LINE_BYTES);
  }

  /**
   * Makes W equal to C where the log says that they differ. Not fenced: fence a of the next commit
   * covers it.
   */
  private long copyLog(long top) {
    long from = header.twin(committed());
    long to = header.twin(working());
    long[] copied = new long[1];
    log.forEach(
        top,
        (offset, bytes) -> {
          memory.copy(from + offset, to + offset, bytes);
          memory.pwb(to + offset, bytes);
          copied[0] += bytes;
        });
    log.clear();
    // The next writer may be another thread, whose fence a would not wait for these write-backs.
    memory.handOver();
    return copied[0];
  }

  private void rollBack(Throwable cause) {
    aborts.increment();
    if (log.isEmpty()) {
      return;
    }
    try {
      // Past the top of C nothing is in use, so what the transaction added there needs no undoing.
      copiedBytes.add(copyLog(memory.getLong(header.twin(committed()) + Heap.TOP_OFFSET)));
    } catch (Throwable failed) {
      poison = failed;
      if (!failed.equals(cause)) {
        cause.addSuppressed(failed);
      }
    }
  }

  /** Replaces whatever a crash left in W. Idempotent: C and the word are not touched. */
  private void recover() {
    persistHeader();
    try {
      long from = header.twin(committed());
      long to = header.twin(working());
      long top = memory.getLong(from + Heap.TOP_OFFSET);
      long bytes = (top + PersistentMemory.LINE_BYTES - 1) & -PersistentMemory.LINE_BYTES;
      memory.copy(from, to, bytes);
      memory.pwb(to, bytes);
      memory.handOver();
      recoveredBytes.add(bytes);
      recovered = true;
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
  }

  /**
   * Makes durable what {@link #open} found. A process that died between flipping the word and its
   * fence leaves a commit that is visible to the next process and not yet on the medium. The first
   * update does this by itself; who tells others about the state before that (a broker, say) calls
   * it first. Stores only the bytes that are there already.
   */
  public void persist() {
    if (memory.readOnly()) {
      throw new PoolException.ReadOnly();
    }
    writer.lock();
    try {
      checkUsable();
      persistHeader();
    } finally {
      writer.unlock();
    }
  }

  private void persistHeader() {
    try {
      // Overwriting the other twin while the medium still names it would lose both states if the
      // power failed now. The stores
      // are needed too: after a failed msync the kernel holds these pages for clean.
      memory.setLong(PoolFormat.MAGIC_OFFSET, PoolFormat.MAGIC);
      memory.pwb(PoolFormat.MAGIC_OFFSET, Long.BYTES);
      storeWord(sequence);
      pfence();
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
  }

  /** Runs a body on the committed state, which stays as it is until the body returns. */
  public <R> R read(Read<R> body) {
    int[] depth = readDepth.get();
    int ticket;
    int twin;
    while (true) {
      twin = committed();
      ticket = readers.arrive(twin);
      if (twin == committed()) {
        break; // arrived before the writer looked: it waits for us
      }
      readers.depart(ticket);
    }
    CommittedView view = new CommittedView(memory, header, header.twin(twin));
    depth[0]++;
    try {
      checkUsable();
      return body.run(view);
    } finally {
      view.close();
      depth[0]--;
      readers.depart(ticket);
    }
  }

  /** What the pool holds now. */
  public PoolInfo info() {
    int[] depth = readDepth.get();
    int ticket;
    long now;
    while (true) {
      now = sequence;
      ticket = readers.arrive((int) (now & 1));
      if (now == sequence) {
        break;
      }
      readers.depart(ticket);
    }
    depth[0]++;
    try {
      checkUsable();
      return info(memory, header, now, check(memory, header, now));
    } finally {
      depth[0]--;
      readers.depart(ticket);
    }
  }

  /** What was done since the pool was opened. */
  public PoolStats stats() {
    return new PoolStats(
        commits.sum(),
        aborts.sum(),
        pfences.sum(),
        writtenBackBytes.sum(),
        copiedBytes.sum(),
        recoveredBytes.sum(),
        extentBytes.sum());
  }

  /**
   * Waits for transactions under way, and unmaps. Everything that was committed is durable already.
   */
  @Override
  public void close() {
    writer.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      readers.drain(0);
      readers.drain(1);
      memory.close();
    } finally {
      writer.unlock();
    }
  }

  private void pfence() {
    memory.pfence();
    pfences.increment();
  }

  private int committed() {
    return (int) (sequence & 1);
  }

  private int working() {
    return 1 - committed();
  }

  private void checkUsable() {
    if (closed) {
      throw new IllegalStateException("the pool is closed");
    }
    Throwable cause = poison;
    if (cause != null) {
      throw new PoolException.Poisoned(cause);
    }
  }
}
