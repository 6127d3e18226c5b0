package plinius.romulus;

import plinius.pmem.PersistentMemory;

/** A pool. */
public final class Pool implements AutoCloseable {
  /** The body of an update. */
  @FunctionalInterface
  public interface Update<R> {
    R run(Tx tx);
  }

  /** The body of a read. */
  @FunctionalInterface
  public interface Read<R> {
    R run(ReadTx tx);
  }

  private Pool() {}

  public static Pool format(PersistentMemory memory, PoolIdentity identity, long twinBytes) {
    return null;
  }

  public static Pool open(PersistentMemory memory) {
    return null;
  }

  public static PoolInfo inspect(PersistentMemory memory) {
    return null;
  }

  public <R> R update(Update<R> body) {
    return null;
  }

  public <R> R read(Read<R> body) {
    return null;
  }

  /**
   * Makes durable what {@link #open} found: after the death of a process the newest commit may be
   * visible and not yet on the medium. The first update does this by itself; who tells others about
   * the state before that calls it first. Stores only the bytes that are there.
   */
  public void persist() {}

  public PoolInfo info() {
    return null;
  }

  public PoolStats stats() {
    return null;
  }

  @Override
  public void close() {}
}
