package plinius.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import plinius.boundary.Bytes;
import plinius.boundary.Message;
import plinius.host.HostArguments.Data;

/**
 * The directory of {@code --pm}: the pool, the loaded data, the lock. The host makes, fills and
 * locks its files; what they mean only the enclave knows.
 *
 * <pre>
 *  lock            byte 0 is locked by the host, byte 1 by the enclave: exclusively to train,
 *                  shared to test. Two bytes, because either process may outlive the other
 *  model.pm        the pool
 *  data-ID.pm      the sealed data set ID, byte for byte the sealed file
 *  restart.cache   what an offline run sealed to restart without its broker
 *  *.making        a file that is not complete; made again from its beginning
 * </pre>
 *
 * A file gets its name when it is complete and on the medium: written, forced, renamed, and the
 * directory forced, in this order.
 */
public final class PoolDirectory implements AutoCloseable {
  /** Who was killed a moment ago may need so long to let go of the lock. */
  private static final Duration LOCK_WAIT = Duration.ofSeconds(5);

  private static final int CHUNK_BYTES = 1 << 20;

  /** Hears how far a copy is. */
  @FunctionalInterface
  interface Progress {
    void at(long bytes, long of);
  }

  private final Path directory;
  private final FileChannel lock;

  private PoolDirectory(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /** Opens and locks the directory, making it if it is to be written. */
  public static PoolDirectory open(Path directory, boolean exclusive) {
    try {
      if (exclusive) {
        Files.createDirectories(directory);
      } else if (!Files.isDirectory(directory)) {
        throw new HostException.BadInput(
            "there is no directory " + directory + ": train a model into it first", null);
      }
      FileChannel lock =
          FileChannel.open(
              directory.resolve("lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      try {
        take(lock, directory, !exclusive);
      } catch (IOException | HostException e) {
        lock.close();
        throw e;
      }
      return new PoolDirectory(directory.toAbsolutePath(), lock);
    } catch (IOException e) {
      throw new HostException.Medium("cannot use " + directory + ": " + HostException.why(e), e);
    }
  }

  private static void take(FileChannel channel, Path directory, boolean shared) throws IOException {
    long end = System.nanoTime() + LOCK_WAIT.toNanos();
    for (; ; ) {
      try {
        FileLock held = channel.tryLock(0, 1, shared);
        if (held != null) {
          return;
        }
      } catch (OverlappingFileLockException e) {
        // Another thread of this process has it, which comes to the same.
      }
      if (System.nanoTime() > end) {
        throw new HostException.InUse(
            directory
                + " is in use by another process; wait for it to end or choose another directory");
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HostException.InUse(directory + " is in use by another process");
      }
    }
  }

  /** The pool of the newest model. */
  public Path pool() {
    return directory.resolve("model.pm");
  }

  /** The pool of the best validated model. */
  public Path best() {
    return directory.resolve("best.pm");
  }

  Path lockFile() {
    return directory.resolve("lock");
  }

  Path dataFile(String id) {
    return directory.resolve("data-" + id + ".pm");
  }

  private Path restartFile() {
    return directory.resolve("restart.cache");
  }

  /** What the last run sealed for the next; empty if none did. A longer file was made by nobody. */
  Bytes restartCache() {
    if (!Files.exists(restartFile())) {
      return Bytes.of(new byte[0]);
    }
    try (InputStream in = Files.newInputStream(restartFile())) {
      return Bytes.of(in.readNBytes(Message.RESTART_BYTES_MAX));
    } catch (IOException e) {
      throw new HostException.Medium(
          "cannot read " + restartFile() + ": " + HostException.why(e), e);
    }
  }

  void keepRestartCache(Bytes sealed) {
    Path making = directory.resolve("restart.cache.making");
    byte[] bytes = sealed.array();
    try {
      make(
          making,
          restartFile(),
          bytes.length,
          (chunk, at) -> {
            chunk.put(bytes, (int) at, chunk.limit());
            return true;
          });
    } catch (IOException e) {
      throw new HostException.Medium(
          "cannot write " + restartFile() + ": " + HostException.why(e), e);
    }
  }

  /** Renames the pools, if there are any, to the first free name of model.pm.old-1, -2, ... */
  void setPoolsAside() {
    setAside(best()); // First: what is left of an interrupted try is the old model with its pool.
    setAside(pool());
  }

  private void setAside(Path pool) {
    try {
      if (!Files.exists(pool)) {
        return;
      }
      int number = 1;
      while (Files.exists(directory.resolve(pool.getFileName() + ".old-" + number))) {
        number++;
      }
      Path old = directory.resolve(pool.getFileName() + ".old-" + number);
      Files.move(pool, old, StandardCopyOption.ATOMIC_MOVE);
      forceDirectory();
    } catch (IOException e) {
      throw new HostException.Medium("cannot rename " + pool + ": " + HostException.why(e), e);
    }
  }

  /**
   * Copies a sealed data set in, unless it is there. Whether what is there is sound the enclave
   * finds out. False if {@code cancelled} said so before the end.
   */
  boolean load(Data data, Progress progress, BooleanSupplier cancelled) {
    Path target = dataFile(data.id());
    Path making = directory.resolve(target.getFileName() + ".making");
    try (FileChannel source = openSource(data.file())) {
      long bytes = source.size();
      if (Files.exists(target) && Files.size(target) == bytes) {
        return true;
      }
      boolean complete =
          make(
              making,
              target,
              bytes,
              (chunk, at) -> {
                if (cancelled.getAsBoolean()) {
                  return false;
                }
                while (chunk.hasRemaining()) {
                  if (source.read(chunk, at + chunk.position()) < 0) {
                    throw new HostException.BadInput(
                        data.file() + " shrank while it was loaded", null);
                  }
                }
                progress.at(at + chunk.limit(), bytes);
                return true;
              });
      return complete;
    } catch (IOException e) {
      throw new HostException.Medium(
          "cannot load " + data.file() + " into " + directory + ": " + HostException.why(e), e);
    }
  }

  private static FileChannel openSource(Path file) {
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new HostException.BadInput(
          "cannot read the sealed data set " + file + ": " + HostException.why(e), e);
    }
  }

  /**
   * Makes the pool's file. Every byte is written, not left a hole: a full disk shows itself here
   * and not later, in the middle of a store.
   */
  public void createPool(Path pool, long bytes) {
    Path making = directory.resolve(pool.getFileName() + ".making");
    try {
      Files.deleteIfExists(making);
      FileStore medium = Files.getFileStore(directory);
      long free = medium.getUsableSpace();
      if (free < bytes && medium.getTotalSpace() > 0) { // ramfs has no size, and so nothing left
        throw new HostException.Medium(
            "the pool needs "
                + bytes
                + " bytes and "
                + directory
                + " has "
                + free
                + " free; make room, or choose another directory with --pm",
            null);
      }
      make(
          making,
          pool,
          bytes,
          (chunk, _) -> {
            chunk.position(chunk.limit());
            return true;
          });
    } catch (IOException e) {
      throw new HostException.Medium(
          "cannot create the pool of "
              + bytes
              + " bytes in "
              + directory
              + ": "
              + HostException.why(e),
          e);
    }
  }

  /** Gives a pool that was made and filled under another name its own: from now on it counts. */
  public void install(Path made) {
    try {
      Files.move(made, pool(), StandardCopyOption.ATOMIC_MOVE);
      forceDirectory();
    } catch (IOException e) {
      throw new HostException.Medium(
          "cannot rename " + made + " to " + pool() + ": " + HostException.why(e), e);
    }
  }

  /** Fills the chunk that begins at byte {@code at}; false to give up. */
  @FunctionalInterface
  private interface Filler {
    boolean fill(ByteBuffer chunk, long at) throws IOException;
  }

  private boolean make(Path making, Path target, long bytes, Filler filler) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            making,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      for (long at = 0; at < bytes; at += CHUNK_BYTES) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, bytes - at));
        if (!filler.fill(chunk, at)) {
          Files.deleteIfExists(making);
          return false;
        }
        chunk.flip();
        while (chunk.hasRemaining()) {
          out.write(chunk);
        }
      }
      out.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(making);
      throw e;
    }
    Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
    forceDirectory();
    return true;
  }

  private void forceDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Lets go of the lock. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new HostException.Internal(
          "cannot close the lock of " + directory + ": " + HostException.why(e), e);
    }
  }
}
