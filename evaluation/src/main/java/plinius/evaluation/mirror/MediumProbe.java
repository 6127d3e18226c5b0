package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;
import plinius.cli.JsonLines;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * Blocks of 4 KiB, one after the other or anywhere, read and written: through the file system (with
 * the cache emptied before reading, an fsync after each block written), and as persistent memory
 * (loads; stores, write-back and a fence after each block).
 *
 * <p>Arguments: name of the medium, a folder on it, file or pmem, megabytes, seconds at most for
 * each of the four.
 */
public final class MediumProbe {
  private static final int BLOCK = 4096;

  private MediumProbe() {}

  /** How a block is read and written. */
  private interface Medium extends AutoCloseable {
    void read(long at, byte[] block) throws IOException;

    void write(long at, byte[] block) throws IOException;

    void beforeReading() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Prints a JSON line for each kind of access. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[1]).resolve("medium.bin");
    long bytes = Long.parseLong(arguments[3]) << 20;
    double seconds = Double.parseDouble(arguments[4]);
    PreparedFile.make(file, bytes);
    try (Medium medium = arguments[2].equals("pmem") ? mapped(file) : throughCalls(file)) {
      for (boolean writes : new boolean[] {false, true}) {
        for (boolean random : new boolean[] {false, true}) {
          medium.beforeReading();
          measure(arguments[0], medium, bytes, writes, random, seconds);
        }
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static void measure(
      String name, Medium medium, long bytes, boolean writes, boolean random, double seconds)
      throws IOException {
    byte[] block = new byte[BLOCK];
    Random places = new Random(1);
    long blocks = bytes / BLOCK;
    long done = 0;
    long began = System.nanoTime();
    double took = 0;
    while (done < blocks && took < seconds) {
      long at = (random ? places.nextLong(blocks) : done) * BLOCK;
      if (writes) {
        block[(int) (done % BLOCK)]++;
        medium.write(at, block);
      } else {
        medium.read(at, block);
      }
      done++;
      took = (System.nanoTime() - began) / 1e9;
    }
    JsonLines.write(
        Map.of(
            "medium",
            name,
            "access",
            (random ? "random" : "sequential") + (writes ? " write" : " read"),
            "blocks",
            done,
            "megabytesPerSecond",
            (double) done * BLOCK / 1e6 / took,
            "microsPerBlock",
            1e6 * took / done));
  }

  private static Medium mapped(Path file) {
    PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO);
    return new Medium() {
      @Override
      public void read(long at, byte[] block) {
        memory.read(at, block, 0, BLOCK);
      }

      @Override
      public void write(long at, byte[] block) {
        memory.stream(at, block, 0, BLOCK);
        memory.pfence();
      }

      @Override
      public void beforeReading() {
        // Memory: there is no cache of the system's before it.
      }

      @Override
      public void close() {
        memory.close();
      }
    };
  }

  private static Medium throughCalls(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new Medium() {
      @Override
      public void read(long at, byte[] block) throws IOException {
        ByteBuffer into = ByteBuffer.wrap(block);
        while (into.hasRemaining()) {
          if (channel.read(into, at + into.position()) < 0) {
            throw new IOException(file + " ends at " + at);
          }
        }
      }

      @Override
      public void write(long at, byte[] block) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(block);
        while (from.hasRemaining()) {
          channel.write(from, at + from.position());
        }
        channel.force(false);
      }

      @Override
      public void beforeReading() throws IOException {
        channel.force(true);
        PageCache.forget(file);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }
}
