package plinius.romulus;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * What runs in a machine with persistent memory: makes a pool there or opens the one that it finds,
 * says what it holds, fills the file system, and goes on with the story until the machine dies.
 */
final class DaxGuest {
  /** Room for more steps than any life has. */
  private static final int TWIN_BYTES = 1 << 20;

  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + (64 << 10);
  private static final long FULL_AFTER_STEPS = 20;

  private DaxGuest() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    if (!Files.exists(file)) {
      allocate(file, POOL_BYTES);
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
        Pool.format(memory, Story.IDENTITY, Protocol.PING_PONG, TWIN_BYTES);
      }
    }
    // An observer first, who recovers nothing.
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
      Medium medium = memory.medium();
      say("medium " + medium.kind() + " " + medium.writeBack() + " " + medium.promise());
      say("found " + Story.check(Pool.open(memory)) + ".");
    }
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
      Pool pool = Pool.open(memory);
      for (int i = 1; ; i++) {
        Story.check(pool);
        say("step " + Story.step(pool) + ".");
        if (i == FULL_AFTER_STEPS) {
          fill(file.resolveSibling("filler"));
        }
      }
    }
  }

  /** Space is written before it is mapped: a store into a hole of a full disk kills the store. */
  private static void allocate(Path file, long bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocate(1 << 16);
      for (long done = 0; done < bytes; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - done));
        done += channel.write(zeros);
      }
      channel.force(true);
    }
  }

  /** No room is left for another pool; this one has its own. */
  private static void fill(Path filler) {
    try {
      allocate(filler, 1L << 32);
      say("there is no end of room");
    } catch (IOException full) {
      say("full: " + full.getMessage());
    }
  }

  private static void say(String what) {
    System.out.println("pm: " + what);
  }
}
