package plinius.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import plinius.pmem.PmemException;

/**
 * The lock of a folder with pools. The system keeps it for the whole process, and gives it up when
 * any channel of the file is closed: so a process opens the file once, and its readers share that.
 * The file stays for ever: who removes it, and who has it open already, would both have the lock.
 */
final class FolderLock implements AutoCloseable {
  /** Of the host and of the enclave, which may outlive it. */
  private static final int BYTES = 2;

  /** What this process has locked, by the real path of the file. */
  private static final Map<Path, Held> ALL = new HashMap<>();

  private static final class Held {
    final FileChannel channel;
    final boolean exclusive;
    int users; // guarded by ALL

    Held(FileChannel channel, boolean exclusive) {
      this.channel = channel;
      this.exclusive = exclusive;
    }
  }

  private final Optional<Path> file;
  private final AtomicBoolean closed = new AtomicBoolean();

  private FolderLock(Optional<Path> file) {
    this.file = file;
  }

  /**
   * Takes the lock of a pool's folder. Who only reads makes no file, and without one nobody writes.
   *
   * @throws PoolFile.InUse if somebody else has it
   */
  static FolderLock take(Path pool, boolean exclusive) {
    Path file = file(pool);
    synchronized (ALL) {
      try {
        file = requireNonNull(file.getParent()).toRealPath().resolve("lock");
        Held held = ALL.get(file);
        if (held == null) {
          FileChannel channel = lock(pool, file, exclusive);
          held = new Held(channel, exclusive);
          ALL.put(file, held);
        } else if (exclusive || held.exclusive) {
          throw inUse(pool, file);
        }
        held.users++;
        return new FolderLock(Optional.of(file));
      } catch (NoSuchFileException missing) {
        if (!exclusive) {
          return none();
        }
        throw new PmemException.CannotMap("cannot lock " + file + ": " + missing, missing);
      } catch (IOException refused) {
        throw new PmemException.CannotMap("cannot lock " + file + ": " + refused, refused);
      }
    }
  }

  private static Path file(Path pool) {
    return requireNonNull(pool.toAbsolutePath().getParent()).resolve("lock");
  }

  /** Whether anybody has ever locked a pool's folder. */
  static boolean exists(Path pool) {
    return Files.exists(file(pool));
  }

  /** No lock at all. */
  static FolderLock none() {
    return new FolderLock(Optional.empty());
  }

  private static FileChannel lock(Path pool, Path file, boolean exclusive) throws IOException {
    while (true) {
      if (exclusive && !Files.exists(file)) {
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
      }
      Object before = key(file);
      FileChannel channel =
          exclusive
              ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
              : FileChannel.open(file, StandardOpenOption.READ);
      try {
        FileLock held = channel.tryLock(0, BYTES, !exclusive);
        if (held == null) {
          throw inUse(pool, file);
        }
        if (Objects.equals(before, key(file))) {
          return channel;
        }
        channel.close(); // somebody exchanged the file: this lock keeps nobody out
      } catch (OverlappingFileLockException another) { // by other means, in this process
        channel.close();
        throw inUse(pool, file);
      } catch (IOException | RuntimeException | Error thrown) {
        channel.close();
        throw thrown;
      }
    }
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private static PoolFile.InUse inUse(Path pool, Path file) {
    return new PoolFile.InUse(
        pool + " is in use: " + file + " is locked; wait for its user to end");
  }

  /** The last one of this process gives it up. */
  @Override
  public void close() {
    if (file.isEmpty() || closed.getAndSet(true)) {
      return;
    }
    synchronized (ALL) {
      Held held = requireNonNull(ALL.get(file.get()));
      held.users--;
      if (held.users == 0) {
        ALL.remove(file.get());
        try {
          held.channel.close();
        } catch (IOException e) {
          throw new UncheckedIOException("cannot let go of a lock", e);
        }
      }
    }
  }
}
