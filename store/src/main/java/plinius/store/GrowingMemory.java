package plinius.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;

/**
 * A file that can be made longer while it is mapped: the longer file is mapped anew, as a whole,
 * and what is stored goes there from then on. Readers may still be in the shorter mapping of the
 * same pages, so it stays until the end. A training run's pool has its size from the beginning.
 */
final class GrowingMemory implements PersistentMemory {
  private static final int STEP_BYTES = 1 << 20;

  private final Path file;
  private final WriteBack writeBack;
  private final List<PersistentMemory> mappings = new ArrayList<>();
  private volatile PersistentMemory now;

  GrowingMemory(Path file, WriteBack writeBack) {
    this.file = file;
    this.writeBack = writeBack;
    map();
  }

  private void map() {
    PersistentMemory mapping = MappedMemory.open(file, Access.READ_WRITE, writeBack);
    mappings.add(mapping);
    now = mapping;
  }

  @Override
  public void grow(long bytes) {
    long before = bytes();
    if (bytes <= before) {
      return;
    }
    if (Store.FLIGHT_RECORDER) {
      GrowthEvent.around(file, before, bytes, () -> growTo(bytes, before));
    } else {
      growTo(bytes, before);
    }
  }

  /** By a file and not by a channel, which an interrupt would close: then nobody could undo it. */
  private void growTo(long bytes, long before) {
    try {
      if (Files.size(file) < before) { // asked first: opening would make a file that is missing
        throw new IOException("it has become shorter since it was mapped");
      }
      try (RandomAccessFile longer = new RandomAccessFile(file.toFile(), "rw")) {
        append(longer, before, bytes);
      }
    } catch (IOException | PmemException.CannotMap refused) {
      throw new PmemException.CannotGrow(
          "cannot make %s longer, from %d to %d bytes: %s"
              .formatted(file, before, bytes, refused.getMessage()),
          refused);
    }
  }

  private void append(RandomAccessFile longer, long before, long bytes) throws IOException {
    try {
      byte[] zeros = new byte[STEP_BYTES];
      longer.seek(before);
      for (long at = before; at < bytes; at += zeros.length) {
        longer.write(zeros, 0, (int) Math.min(zeros.length, bytes - at));
      }
      // Space and length must be durable before anything in the memory relies on them.
      longer.getFD().sync();
      // The shorter mapping may owe what was written back to it: nobody fences it any more.
      now.pfence();
      mapUninterrupted();
    } catch (IOException | PmemException.CannotMap full) {
      longer.setLength(before);
      throw full;
    }
  }

  /** Who was interrupted hears of it afterwards: mapping needs a channel. */
  private void mapUninterrupted() {
    boolean interrupted = Thread.interrupted();
    try {
      map();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    mappings.forEach(PersistentMemory::close);
  }

  @Override
  public long bytes() {
    return now.bytes();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public Medium medium() {
    return now.medium();
  }

  @Override
  public long getLong(long offset) {
    return now.getLong(offset);
  }

  @Override
  public int getInt(long offset) {
    return now.getInt(offset);
  }

  @Override
  public void setLong(long offset, long value) {
    now.setLong(offset, value);
  }

  @Override
  public void setInt(long offset, int value) {
    now.setInt(offset, value);
  }

  @Override
  public void read(long offset, byte[] target, int at, int length) {
    now.read(offset, target, at, length);
  }

  @Override
  public void write(long offset, byte[] source, int at, int length) {
    now.write(offset, source, at, length);
  }

  @Override
  public void stream(long offset, byte[] source, int at, int length) {
    now.stream(offset, source, at, length);
  }

  @Override
  public void copy(long from, long to, long length) {
    now.copy(from, to, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    now.fill(offset, length, value);
  }

  @Override
  public void pwb(long offset, long length) {
    now.pwb(offset, length);
  }

  @Override
  public void pwbLines(long base, long next, int[] lines, int count) {
    now.pwbLines(base, next, lines, count);
  }

  @Override
  public void copyLines(long from, long to, int[] lines, int count) {
    now.copyLines(from, to, lines, count);
  }

  @Override
  public void pfence() {
    now.pfence();
  }

  @Override
  public void handOver() {
    now.handOver();
  }

  @Override
  public String toString() {
    return now.toString();
  }
}
