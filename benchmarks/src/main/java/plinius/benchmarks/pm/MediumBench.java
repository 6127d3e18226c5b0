package plinius.benchmarks.pm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * Bandwidth and latency of a mapped file, as fio measures a device: blocks of one size, in a row or
 * anywhere, loaded or stored. A store counts when it is durable: copied in, written back, fenced.
 *
 * <p>Bandwidth is that of loads which the processor may overlap. For the latency each load waits
 * for the one before: where it goes depends on what that found. Fenced stores wait anyway.
 */
final class MediumBench {
  /**
   * A point.
   *
   * @param write stored, else loaded
   * @param random anywhere, else in a row
   * @param nanosPerBlock the latency: nothing else was under way
   */
  record Point(
      String medium,
      String writeBack,
      boolean write,
      boolean random,
      int blockBytes,
      double bytesPerSecond,
      double nanosPerBlock) {}

  private static final long SEED = 0x9E3779B97F4A7C15L;

  private final PersistentMemory memory;
  private final long nanosPerPoint;
  private final byte[] block;
  private long random = SEED;
  private long at;
  private byte sink; // what was loaded is used
  private int zero; // what the compiler does not know

  private MediumBench(PersistentMemory memory, int blockBytesMax, long nanosPerPoint) {
    this.memory = memory;
    this.nanosPerPoint = nanosPerPoint;
    this.block = new byte[blockBytesMax];
  }

  static List<Point> measure(Path file, int[] blockBytes, long nanosPerPoint) {
    List<Point> points = new ArrayList<>();
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
      MediumBench bench = new MediumBench(memory, blockBytes[blockBytes.length - 1], nanosPerPoint);
      bench.touch();
      bench.warm(blockBytes);
      for (boolean write : new boolean[] {false, true}) {
        for (boolean random : new boolean[] {false, true}) {
          for (int bytes : blockBytes) {
            points.add(bench.point(write, random, bytes));
          }
        }
      }
      if (bench.sink == 99 && points.isEmpty()) {
        throw new IllegalStateException("nothing was measured");
      }
    }
    return points;
  }

  /** Faults every page in, so that no point pays for it. */
  private void touch() {
    for (long offset = 0; offset < memory.bytes(); offset += PersistentMemory.PAGE_BYTES) {
      memory.setLong(offset, offset);
      memory.pwb(offset, Long.BYTES);
    }
    memory.pfence();
  }

  /** The compiler meets every kind of point before the first one counts. */
  private void warm(int[] blockBytes) {
    for (int round = 0; round < 4; round++) {
      for (int bytes : blockBytes) {
        for (boolean anywhere : new boolean[] {false, true}) {
          run(false, anywhere, bytes, false, nanosPerPoint / 8);
          run(false, anywhere, bytes, true, nanosPerPoint / 8);
          if (memory.medium().writeBack() != WriteBack.MSYNC) {
            run(true, anywhere, bytes, false, nanosPerPoint / 8);
          }
        }
      }
    }
  }

  private Point point(boolean write, boolean anywhere, int bytes) {
    at = 0;
    double nanos = nanosPerBlock(write, anywhere, bytes, false);
    double latency = write ? nanos : nanosPerBlock(false, anywhere, bytes, true);
    return new Point(
        memory.medium().kind().name(),
        memory.medium().writeBack().option(),
        write,
        anywhere,
        bytes,
        bytes * 1e9 / nanos,
        latency);
  }

  private double nanosPerBlock(boolean write, boolean anywhere, int bytes, boolean chained) {
    long began = System.nanoTime();
    long blocks = run(write, anywhere, bytes, chained, nanosPerPoint);
    return (double) (System.nanoTime() - began) / blocks;
  }

  /** Blocks that were done in this time, at least one. */
  private long run(boolean write, boolean anywhere, int bytes, boolean chained, long nanos) {
    long blocks = 0;
    long end = System.nanoTime() + nanos;
    // The clock costs as much as a small block: looked at once in so many.
    int batch = write && memory.medium().writeBack() == WriteBack.MSYNC ? 1 : (1 << 16) / bytes + 1;
    do {
      for (int i = 0; i < batch; i++) {
        long offset = next(anywhere, bytes) + (chained ? block[bytes - 1] & zero : 0);
        if (write) {
          memory.stream(offset, block, 0, bytes);
          memory.pfence();
        } else {
          memory.read(offset, block, 0, bytes);
          sink += block[bytes - 1];
        }
      }
      blocks += batch;
    } while (System.nanoTime() < end);
    return blocks;
  }

  private long next(boolean anywhere, int bytes) {
    long blocks = memory.bytes() / bytes;
    if (!anywhere) {
      at = (at + 1) % blocks;
      return at * bytes;
    }
    random ^= random << 13;
    random ^= random >>> 7;
    random ^= random << 17;
    return Math.multiplyHigh(random & Long.MAX_VALUE, 2 * blocks) * bytes;
  }
}
