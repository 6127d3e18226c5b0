package plinius.romulus;

import plinius.pmem.PersistentMemory;

/**
 * A view of one twin, with every offset checked. What a reader gets; the base of what a writer
 * gets.
 */
class CommittedView implements ReadTx {
  private static final long FIRST_REF = Heap.BLOCKS_OFFSET + Heap.BLOCK_HEADER_BYTES;

  final PersistentMemory memory;
  final PoolFormat.Header header;
  long base;

  /**
   * Bytes of the twin while the body runs; 0 once it has returned, so that one comparison finds
   * either mistake. Plain: every load and store looks at it; where order matters a fence stands
   * beside it.
   */
  private long end;

  CommittedView(PersistentMemory memory, PoolFormat.Header header) {
    this.memory = memory;
    this.header = header;
  }

  @Override
  public long root(String name) {
    checkOpen();
    long twin = base;
    long entry = Heap.rootEntry(offset -> memory.getLong(twin + offset), Heap.nameBytes(name));
    return entry == 0 ? 0 : memory.getLong(twin + entry);
  }

  @Override
  public long getLong(long ref) {
    return memory.getLong(place(ref, Long.BYTES));
  }

  @Override
  public int getInt(long ref) {
    return memory.getInt(place(ref, Integer.BYTES));
  }

  @Override
  public void read(long ref, byte[] target, int at, int length) {
    memory.read(place(ref, length), target, at, length);
  }

  @Override
  public void readExtent(Extent extent, long offset, byte[] target, int at, int length) {
    checkOpen();
    checkInside(extent, offset, length);
    memory.read(extent.offset() + offset, target, at, length);
  }

  final void checkInside(Extent extent, long offset, int length) {
    if (offset < 0 || length < 0 || offset > extent.bytes() - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes at " + offset + " do not lie in " + extent);
    }
    if (extent.offset() < header.extentsOffset()
        || extent.offset() > memory.bytes() - extent.bytes()) {
      throw new IndexOutOfBoundsException(extent + " lies outside the extents of the pool");
    }
  }

  /** Where bytes of a block lie in the memory. */
  final long place(long ref, long bytes) {
    if (bytes < 0 || ref < FIRST_REF || ref > end - bytes) {
      checkOpen();
      throw new IndexOutOfBoundsException(
          bytes + " bytes at ref " + ref + " do not lie in a block");
    }
    return base + ref;
  }

  final void checkOpen() {
    if (end == 0) {
      throw new IllegalStateException(
          "this transaction is over: use it only inside the body that it was handed to");
    }
  }

  /** Uses the view, once more perhaps, on this twin. */
  final void open(int twin) {
    base = header.twin(twin);
    end = header.twinBytes();
  }

  final void close() {
    end = 0;
  }
}
