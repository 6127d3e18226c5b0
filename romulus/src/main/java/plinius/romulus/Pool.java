package plinius.romulus;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;

/**
 * Durable transactions in persistent memory: Romulus (Correia, Felber and Ramalhete, SPAA 2018),
 * where all references are offsets.
 *
 * <p>Two twins hold the same blocks, and one 8-byte word in the header says which to believe. An
 * update changes one of them and records where; makes that durable; makes the word durable, or of a
 * small change both at once; and what it changed is copied to the other twin when the next update
 * begins. So the durable image always holds one complete twin that the word names, a crash loses
 * nothing but the transaction that was under way, taking one back is a copy of what it changed, and
 * readers see only durable data and wait for nobody. {@link Protocol} has the two ways of doing
 * this.
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
  private final Twins twins;
  private final ReentrantLock writer = new ReentrantLock();
  private final ThreadLocal<int[]> readDepth = ThreadLocal.withInitial(() -> new int[1]);
  private volatile boolean closed;
  private WorkingView view; // under the writer's lock

  private Pool(PersistentMemory memory, PoolFormat.Header header, Twins twins) {
    this.memory = memory;
    this.header = header;
    this.twins = twins;
    this.view = freshView();
  }

  private WorkingView freshView() {
    return new WorkingView(memory, header, twins.log, twins.extentBytes);
  }

  /**
   * Makes an empty pool of the whole memory, in place. A crash before the end leaves a memory that
   * is not a pool and can be formatted again.
   *
   * @param twinBytes bytes of each twin, a multiple of 4096; see {@link PoolSizing}
   * @throws PoolException.Incompatible if the memory holds a pool or something else
   */
  public static Pool format(
      PersistentMemory memory, PoolIdentity identity, Protocol protocol, long twinBytes) {
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
        new PoolFormat.Header(
            PoolFormat.VERSION, requireNonNull(identity), protocol, poolBytes, twinBytes);
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
    TwinLog nobodyAsks = new TwinLog(header.twinBytes(), header.twinBytes());
    WorkingView twin = new WorkingView(memory, header, nobodyAsks, new LongAdder());
    twin.begin(0);
    twin.format((header.poolBytes() - header.extentsOffset()) / PoolFormat.PAGE_BYTES);
    memory.pwb(header.twin(0), twin.get(Heap.TOP_OFFSET));
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
    long cutOver = Math.min(cutOverBytes, Math.max(header.twinBytes() / CUT_OVER_DIVISOR, 1 << 16));
    Twins twins = Twins.of(memory, header, readers, cutOver);
    check(memory, header, twins.committed());
    return new Pool(memory, header, twins);
  }

  private static HeapCheck.Summary check(
      PersistentMemory memory, PoolFormat.Header header, int committedTwin) {
    long base = header.twin(committedTwin);
    long areaPagesMax = (memory.bytes() - header.extentsOffset()) / PoolFormat.PAGE_BYTES;
    return HeapCheck.check(
        offset -> memory.getLong(base + offset), header.twinBytes(), areaPagesMax);
  }

  /**
   * Runs a transaction; returns after it is durable. One that changes nothing costs no fence of its
   * own: it copies and hands over what the last one owes, and in the classic protocol it may pay
   * the fence or two by which the next one that changes something begins.
   *
   * @throws PoolException.Aborted if it was taken back by {@link Tx#abort} or because one that had
   *     joined it failed
   * @throws PoolException.Poisoned if an earlier write-back failed
   */
  public <R> R update(Update<R> body) {
    if (writer.isHeldByCurrentThread()) {
      return join(body);
    }
    checkMayUpdate();
    return transaction(body);
  }

  private void checkMayUpdate() {
    if (memory.readOnly()) {
      throw new PoolException.ReadOnly();
    }
    checkNotReading();
  }

  /** Whoever has the writer's lock may be waiting for this thread's read to end. */
  private void checkNotReading() {
    if (twins.readers.mayBeThere() && readDepth.get()[0] > 0) {
      throw new IllegalStateException(
          "inside a read of the pool this would wait for that read for ever: end the read first");
    }
  }

  /** Refuses a thread that is within a transaction or a read of this pool; waits for nobody. */
  public void checkOutside() {
    checkNotInside();
    checkMayUpdate();
  }

  private void checkNotInside() {
    if (writer.isHeldByCurrentThread()) {
      throw new IllegalStateException(
          "this comes between transactions of the pool, not inside one: end that first");
    }
    checkNotReading();
  }

  private <R> R transaction(Update<R> body) {
    writer.lock();
    try {
      checkUsable();
      twins.begin();
      R result = run(body);
      twins.commit();
      return result;
    } finally {
      try {
        twins.release();
      } finally {
        writer.unlock();
      }
    }
  }

  private <R> R join(Update<R> body) {
    if (view.owner == null) {
      throw new IllegalStateException("the transaction is being ended");
    }
    WorkingView tx = view;
    try {
      return body.run(tx);
    } catch (Throwable thrown) {
      tx.doom(thrown);
      throw thrown;
    }
  }

  private <R> R run(Update<R> body) {
    WorkingView tx = view;
    tx.begin(twins.working());
    try {
      R result = body.run(tx);
      tx.end();
      return result;
    } catch (Throwable thrown) {
      tx.endAbruptly();
      twins.abandon(tx.lost);
      throw thrown;
    } finally {
      if (tx.extended()) {
        twins.witness.addOther(); // of extents, and perhaps by other threads
        view = freshView();
      }
    }
  }

  /**
   * Makes durable what {@link #open} found. A process that died between flipping the word and its
   * fence leaves a commit that is visible to the next process and not yet on the medium. The first
   * update does this by itself; who tells others about the state before that (a broker, say) calls
   * it first. Stores only the bytes that are there already.
   *
   * @throws IllegalStateException inside a transaction or a read of this thread
   */
  public void persist() {
    checkOutside();
    writer.lock();
    try {
      checkUsable();
      twins.persist();
    } finally {
      writer.unlock();
    }
  }

  /**
   * Appends at least so many bytes of extents, in a transaction of its own. The memory is made
   * longer, durably, before that commits; a crash in between leaves a memory that is longer than
   * its pool, which is allowed. Transactions wait meanwhile, reads do not.
   *
   * @throws PmemException.CannotGrow if the medium has no room
   * @throws PoolException.Full if the twins have no room for the larger map
   */
  public void grow(long extentBytes) {
    if (extentBytes < 1 || extentBytes > PoolFormat.POOL_BYTES_MAX) {
      throw new IllegalArgumentException("a pool cannot grow by " + extentBytes + " bytes");
    }
    checkOutside();
    long pages = (extentBytes + PoolFormat.PAGE_BYTES - 1) / PoolFormat.PAGE_BYTES;
    writer.lock();
    try {
      checkUsable();
      long end = info().poolBytes() + pages * PoolFormat.PAGE_BYTES;
      if (end > PoolFormat.POOL_BYTES_MAX) {
        throw new IllegalArgumentException("a pool of " + end + " bytes would be too large");
      }
      transaction(
          _ -> {
            view.growExtents(pages); // where it does not fit, the memory stays as it is
            if (memory.bytes() < end) {
              memory.grow(end);
            }
            return null;
          });
    } finally {
      writer.unlock();
    }
  }

  /** Runs a body on the committed state, which stays as it is until the body returns. */
  public <R> R read(Read<R> body) {
    return reading(
        state -> {
          CommittedView tx = new CommittedView(memory, header);
          tx.open(Twins.twin(state));
          try {
            return body.run(tx);
          } finally {
            tx.close();
          }
        });
  }

  /** What the pool holds now. */
  public PoolInfo info() {
    return reading(this::info);
  }

  private PoolInfo info(long state) {
    HeapCheck.Summary heap = check(memory, header, Twins.twin(state));
    return new PoolInfo(
        header.version(),
        header.protocol(),
        header.identity(),
        header.extentsOffset() + heap.areaPages() * PoolFormat.PAGE_BYTES,
        header.twinBytes(),
        Twins.sequence(state),
        Twins.twin(state),
        heap.usedBytes(),
        header.twinBytes() - Heap.BLOCKS_OFFSET - heap.usedBytes(),
        heap.areaPages() * PoolFormat.PAGE_BYTES,
        heap.usedPages() * PoolFormat.PAGE_BYTES,
        heap.extents(),
        heap.roots(),
        memory.medium());
  }

  /** Looks at the state that is visible now, which nobody changes meanwhile. */
  private <R> R reading(LongFunction<R> look) {
    int[] depth = readDepth.get();
    long state = twins.visible();
    int twin = Twins.twin(state);
    int ticket = twins.readers.arrive(twin); // a writer that looks from now on waits for us
    boolean late = state != twins.visible(); // one may have looked before
    int other = late ? twins.readers.arrive(1 - twin) : 0; // at both: no matter where it is
    state = late ? twins.visible() : state;
    depth[0]++;
    try {
      checkUsable();
      return look.apply(state);
    } finally {
      depth[0]--;
      twins.readers.depart(ticket);
      if (late) {
        twins.readers.depart(other);
      }
    }
  }

  /**
   * What was done since the pool was opened; waits for an update that is under way.
   *
   * @throws IllegalStateException inside a read of this thread
   */
  public PoolStats stats() {
    checkNotReading();
    writer.lock();
    try {
      return twins.stats();
    } finally {
      writer.unlock();
    }
  }

  /**
   * Waits for transactions under way, and unmaps. Everything that was committed is durable already.
   *
   * @throws IllegalStateException inside a transaction or a read of this thread
   */
  @Override
  public void close() {
    checkNotInside();
    writer.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      twins.readers.drain(0);
      twins.readers.drain(1);
      memory.close();
    } finally {
      writer.unlock();
    }
  }

  private void checkUsable() {
    if (closed) {
      throw new IllegalStateException("the pool is closed");
    }
    twins.checkUsable();
  }
}
