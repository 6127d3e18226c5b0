package plinius.romulus;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;

/**
 * One transaction on the working twin: every store is recorded before it happens. Used for one
 * transaction after the other, so that small ones allocate nothing.
 */
final class WorkingView extends CommittedView implements Tx {
  private final TwinLog log;
  private final LongAdder extentBytes;
  private final Heap heap;
  private final ExtentMap extents;

  /** The thread that runs the body; null once it has returned. */
  Thread owner;

  /** Calls of writeExtent that are under way. */
  private final AtomicInteger streaming = new AtomicInteger();

  private Throwable doom;

  /** The write-back that failed, in whichever thread that wrote an extent; null if none did. */
  volatile PmemException.WriteBackFailed lost;

  private boolean extended;

  WorkingView(
      PersistentMemory memory, PoolFormat.Header header, TwinLog log, LongAdder extentBytes) {
    super(memory, header);
    this.log = log;
    this.extentBytes = extentBytes;
    this.heap = new Heap(this, header.twinBytes());
    this.extents = new ExtentMap(this, header.twinBytes(), header.extentsOffset());
  }

  /** A transaction of the calling thread begins. */
  void begin(int working) {
    owner = Thread.currentThread();
    doom = null;
    open(working);
  }

  /**
   * Whether the transaction allocated extents. Then other threads may hold the view, and one that
   * is late must not write into a later transaction: such a view is used once.
   */
  boolean extended() {
    return extended;
  }

  // Loads and recorded stores of the working twin by offsets in it, for allocator and map.

  long get(long offset) {
    return memory.getLong(base + offset);
  }

  /** A load of the committed twin. */
  long committed(long offset) {
    return memory.getLong(header.twin(0) + header.twin(1) - base + offset);
  }

  void set(long offset, long value) {
    log.addWord(offset);
    memory.setLong(base + offset, value);
  }

  void zero(long offset, long bytes) {
    log.add(offset, bytes);
    memory.fill(base + offset, bytes, (byte) 0);
  }

  // The interface.

  @Override
  public long alloc(long bytes) {
    checkOwner();
    return heap.alloc(bytes);
  }

  @Override
  public void free(long ref) {
    checkOwner();
    heap.free(ref);
  }

  @Override
  public void setLong(long ref, long value) {
    long place = ownPlace(ref, Long.BYTES);
    log.addWord(ref);
    memory.setLong(place, value);
  }

  @Override
  public void setInt(long ref, int value) {
    long place = ownPlace(ref, Integer.BYTES);
    log.addWord(ref);
    memory.setInt(place, value);
  }

  @Override
  public void write(long ref, byte[] source, int at, int length) {
    long place = ownPlace(ref, length);
    if (length > 0) {
      log.add(ref, length);
      memory.write(place, source, at, length);
    }
  }

  @Override
  public void setRoot(String name, long ref) {
    checkOwner();
    heap.setRoot(name, ref);
  }

  @Override
  public Extent allocExtent(long bytes) {
    checkOwner();
    extended = true;
    return extents.alloc(bytes);
  }

  /** Makes a twin of zeros an empty one. */
  void format(long areaPages) {
    heap.format();
    set(Heap.MAP_REF_OFFSET, heap.alloc(ExtentMap.mapBytes(areaPages)));
    set(Heap.AREA_PAGES_OFFSET, areaPages);
  }

  /** Appends free pages to the extents, which the memory has. */
  void growExtents(long pages) {
    long map = heap.alloc(ExtentMap.mapBytes(extents.areaPages() + pages));
    heap.free(extents.grow(map, pages));
  }

  @Override
  public void freeExtent(Extent extent) {
    checkOwner();
    extents.free(extent);
  }

  @Override
  public void writeExtent(Extent extent, long offset, byte[] source, int at, int length) {
    streaming.incrementAndGet();
    try {
      checkOpen();
      checkInside(extent, offset, length);
      extents.checkFresh(extent, offset, length);
      memory.stream(extent.offset() + offset, source, at, length);
      if (Thread.currentThread() != owner) {
        // The fence of the commit waits for the write-backs of its own processor only.
        memory.handOver();
      }
      extentBytes.add(length);
    } catch (PmemException.WriteBackFailed failed) {
      lost = failed;
      throw failed;
    } finally {
      streaming.decrementAndGet();
    }
  }

  @Override
  public void abort() {
    throw new PoolException.Aborted("the transaction was taken back as it asked for", null);
  }

  /**
   * A transaction that joined this one failed: nothing of it may be committed, whatever the outer
   * body makes of that.
   */
  void doom(Throwable cause) {
    if (doom == null) {
      doom = cause;
    }
  }

  /** The body has returned. Refuses the commit if it is doomed or if other threads still write. */
  void end() {
    closeToOthers();
    if (streaming.get() != 0) {
      throw new IllegalStateException(
          "the body returned while another thread was still writing an extent: wait for it there");
    }
    if (doom != null) {
      throw new PoolException.Aborted(
          "a transaction that had joined this one failed: " + doom.getMessage(), doom);
    }
  }

  /** The body has thrown: its space must not be given to others before the last store into it. */
  void endAbruptly() {
    closeToOthers();
    while (streaming.get() != 0) {
      Thread.onSpinWait();
    }
  }

  /** Either another thread sees the end, or we see that it is writing. */
  private void closeToOthers() {
    close();
    owner = null;
    if (extended) {
      VarHandle.fullFence(); // the other side is the increment in writeExtent
    }
  }

  private long ownPlace(long ref, long bytes) {
    checkOwner();
    return place(ref, bytes);
  }

  private void checkOwner() {
    if (Thread.currentThread() != owner) {
      checkOpen();
      throw new IllegalStateException(
          "only writeExtent and reads may come from another thread than the one that runs the"
              + " body");
    }
  }
}
