package plinius.romulus;

import plinius.pmem.PersistentMemory;

/**
 * A view of one twin, with every offset checked. What a reader gets; the base of what a writer
 * gets.
 */
class CommittedView implements ReadTx {
  final PersistentMemory memory;
  final PoolFormat.Header header;
  long base;

  /**
   * Whether the body has returned. Plain: every load and store looks at it, and it is there to find
   * mistakes; where order matters a fence stands beside it.
   */
  private boolean over;

  CommittedView(PersistentMemory memory, PoolFormat.Header header, long base) {
    this.memory = memory;
    this.header = header;
    this.base = base;
  }

  @Override
  public long root(String name) {
    checkOpen();
    byte[] wanted = Heap.nameBytes(name);
    for (int i = 0; i < Heap.ROOTS; i++) {
      long entry = base + Heap.ROOTS_OFFSET + (long) i * Heap.ROOT_BYTES;
      long ref = memory.getLong(entry);
      boolean same = ref != 0;
      for (int word = 1; word < Heap.ROOT_BYTES / 8 && same; word++) {
        same = memory.getLong(entry + 8L * word) == Heap.word(wanted, word);
      }
      if (same) {
        return ref;
      }
    }
    return 0;
  }

  @Override
  public long getLong(long ref) {
    checkOpen();
    return memory.getLong(base + checkRef(ref, Long.BYTES));
  }

  @Override
  public int getInt(long ref) {
    checkOpen();
    return memory.getInt(base + checkRef(ref, Integer.BYTES));
  }

  @Override
  public void read(long ref, byte[] target, int at, int length) {
    checkOpen();
    memory.read(base + checkRef(ref, length), target, at, length);
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

  final long checkRef(long ref, long bytes) {
    if (bytes < 0
        || ref < Heap.BLOCKS_OFFSET + Heap.BLOCK_HEADER_BYTES
        || ref > header.twinBytes() - bytes) {
      throw new IndexOutOfBoundsException(
          bytes + " bytes at ref " + ref + " do not lie in a block");
    }
    return ref;
  }

  final void checkOpen() {
    if (over) {
      throw new IllegalStateException(
          "this transaction is over: use it only inside the body that it was handed to");
    }
  }

  /** Uses the view once more, on this twin. */
  final void reopen(long twin) {
    base = twin;
    over = false;
  }

  final void close() {
    over = true;
  }
}
