package plinius.testkit;

import java.util.Objects;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;

/**
 * A memory that passes everything on to another one: the base of those that watch, leave something
 * out, or go wrong. The bulk operations come down to the single ones, so that an override of {@link
 * #pwb} sees every write-back.
 */
public abstract class ForwardingMemory implements PersistentMemory {
  private final PersistentMemory memory;

  /** Passes everything on to this memory. */
  protected ForwardingMemory(PersistentMemory memory) {
    this.memory = Objects.requireNonNull(memory);
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  @Override
  public boolean readOnly() {
    return memory.readOnly();
  }

  @Override
  public Medium medium() {
    return memory.medium();
  }

  @Override
  public long getLong(long offset) {
    return memory.getLong(offset);
  }

  @Override
  public int getInt(long offset) {
    return memory.getInt(offset);
  }

  @Override
  public void setLong(long offset, long value) {
    memory.setLong(offset, value);
  }

  @Override
  public void setInt(long offset, int value) {
    memory.setInt(offset, value);
  }

  @Override
  public void read(long offset, byte[] target, int at, int length) {
    memory.read(offset, target, at, length);
  }

  @Override
  public void write(long offset, byte[] source, int at, int length) {
    memory.write(offset, source, at, length);
  }

  @Override
  public void copy(long from, long to, long length) {
    memory.copy(from, to, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    memory.fill(offset, length, value);
  }

  @Override
  public void pwb(long offset, long length) {
    memory.pwb(offset, length);
  }

  @Override
  public void pfence() {
    memory.pfence();
  }

  @Override
  public void handOver() {
    memory.handOver();
  }

  @Override
  public void grow(long bytes) {
    memory.grow(bytes);
  }

  @Override
  public void close() {
    memory.close();
  }
}
