package plinius.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolIdentity;
import plinius.romulus.PoolSizing;
import plinius.romulus.Protocol;

/**
 * A pool in a file, locked while it is open: byte 0 of the file "lock" beside it, exclusively to
 * write and shared to read, as the host of a training run does. So one folder belongs to one
 * writer.
 */
public final class PoolFile implements AutoCloseable {
  /** The name of a training run's pool in its folder. */
  public static final String MODEL = "model.pm";

  /** The smallest pool: two twins for a few small blocks, and some extents. */
  public static final long BYTES_MIN = 1 << 20;

  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final FolderLock lock;
  private final PersistentMemory memory;
  private final Pool pool;

  /**
   * How a pool is opened.
   *
   * @param access to read only, or to change it
   * @param writeBack how stores are made durable
   * @param require what the medium must keep; opening is refused where it does not
   * @param grows whether {@link Pool#grow} may make the file longer
   */
  public record Options(Access access, WriteBack writeBack, Survives require, boolean grows) {
    public Options {
      requireNonNull(access);
      requireNonNull(writeBack);
      requireNonNull(require);
    }

    /** To be changed, by the best write-back there is, on any medium. */
    public static Options writing() {
      return new Options(Access.READ_WRITE, WriteBack.AUTO, Survives.PROCESS_DEATH, false);
    }

    /** To be looked at. */
    public static Options reading() {
      return new Options(Access.READ_ONLY, WriteBack.AUTO, Survives.PROCESS_DEATH, false);
    }

    /** The same on a medium that keeps this. */
    public Options require(Survives what) {
      return new Options(access, writeBack, what, grows);
    }

    /** The same with this write-back. */
    public Options writeBack(WriteBack how) {
      return new Options(access, how, require, grows);
    }

    /** The same, to be made longer. */
    public Options growing() {
      return new Options(Access.READ_WRITE, writeBack, require, true);
    }
  }

  private PoolFile(Path path, FolderLock lock, PersistentMemory memory, Pool pool) {
    this.path = path;
    this.lock = lock;
    this.memory = memory;
    this.pool = pool;
  }

  /**
   * Makes an empty pool that belongs to nobody, a quarter of it for small blocks, but at most what
   * a twin may have. The file appears under its name when it is complete and durable, or not at
   * all.
   *
   * @throws PmemException.CannotMap if it exists, or the medium does not take it
   */
  public static PoolFile create(Path path, long bytes, Protocol protocol, Options options) {
    long smallBytes = Math.min(bytes / 4, PoolSizing.TWIN_BYTES_MAX);
    return create(path, bytes, smallBytes, protocol, options);
  }

  /**
   * {@link #create(Path, long, Protocol, Options)} with room for so many bytes of small blocks.
   *
   * @param smallBytes which each twin can hold; what is left becomes extents
   */
  public static PoolFile create(
      Path path, long bytes, long smallBytes, Protocol protocol, Options options) {
    long smallBytesMax = Math.min(bytes / 2, PoolSizing.TWIN_BYTES_MAX);
    if (bytes < BYTES_MIN || bytes > 1L << 46 || smallBytes < 0 || smallBytes > smallBytesMax) {
      throw new IllegalArgumentException(
          "a pool of "
              + bytes
              + " bytes with "
              + smallBytes
              + " for small blocks: it has at least "
              + BYTES_MIN
              + " bytes, at most 2^46, and both twins of its small blocks fit into it, each of at"
              + " most 2^35 bytes");
    }
    long size = bytes & -PersistentMemory.PAGE_BYTES;
    Path folder = requireNonNull(path.toAbsolutePath().getParent());
    try {
      checkMayBeMade(path, folder, size, options);
    } catch (IOException refused) {
      throw cannotCreate(path, size, refused);
    }
    FolderLock lock = FolderLock.take(path, true);
    Path making = folder.resolve(path.getFileName() + ".making");
    try {
      requireNone(path); // asked again under the lock: moving replaces what is there
      preallocate(making, size);
      try (PersistentMemory memory =
          MappedMemory.open(making, Access.READ_WRITE, options.writeBack())) {
        checkMedium(path, memory, options.require());
        Pool.format(memory, PoolIdentity.NOBODY, protocol, twinBytes(size, smallBytes));
      }
      Files.move(making, path, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
        directory.force(true);
      }
      return opened(path, lock, options);
    } catch (IOException refused) {
      undo(lock, making);
      throw cannotCreate(path, size, refused);
    } catch (RuntimeException | Error thrown) {
      undo(lock, making);
      throw thrown;
    }
  }

  /**
   * What will be refused is refused before there is a lock, which would stay, and before a large
   * file is written. A page in a file of its own tells what the medium is.
   */
  private static void checkMayBeMade(Path path, Path folder, long bytes, Options options)
      throws IOException {
    requireNone(path);
    requireRoom(folder, bytes);
    Path page = Files.createTempFile(folder, path.getFileName() + "-", ".making");
    try {
      Files.write(page, new byte[PersistentMemory.PAGE_BYTES]);
      try (PersistentMemory memory =
          MappedMemory.open(page, Access.READ_WRITE, options.writeBack())) {
        checkMedium(path, memory, options.require());
      }
    } finally {
      Files.delete(page);
    }
  }

  private static void requireNone(Path path) {
    if (Files.exists(path)) {
      throw new PmemException.CannotMap(
          path + " exists: nothing was written; choose another name or remove it", null);
    }
  }

  private static void requireRoom(Path folder, long bytes) throws IOException {
    long free = freeBytes(folder);
    if (free < bytes) {
      throw new IOException(folder + " has only " + free + " bytes free");
    }
  }

  /** Bytes that are left where a file lies; without end on a medium that has no size, as ramfs. */
  public static long freeBytes(Path there) throws IOException {
    FileStore medium = Files.getFileStore(there);
    return medium.getTotalSpace() == 0 ? Long.MAX_VALUE : medium.getUsableSpace();
  }

  private static PmemException cannotCreate(Path path, long bytes, IOException refused) {
    // Some say no more than the file's name: then the kind of failure is the reason.
    boolean silent = refused instanceof FileSystemException file && file.getReason() == null;
    return new PmemException.CannotMap(
        "cannot create a pool of %d bytes at %s: %s"
            .formatted(bytes, path, silent ? refused : refused.getMessage()),
        refused);
  }

  /** Blocks, the heap's own page, and room to replace the map of the extents by another one. */
  static long twinBytes(long bytes, long smallBytes) {
    long pages = bytes / PersistentMemory.PAGE_BYTES;
    long wanted = smallBytes + PersistentMemory.PAGE_BYTES + pages / 64 * 16 * 3;
    long most = Math.min(bytes / 2 - PersistentMemory.PAGE_BYTES, PoolSizing.TWIN_BYTES_MAX);
    return Math.clamp(wanted, 2L * PersistentMemory.PAGE_BYTES, most)
        & -PersistentMemory.PAGE_BYTES;
  }

  /** Every byte is written: a store into a hole of a full disk would kill the process. */
  private static void preallocate(Path file, long bytes) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocate(CHUNK_BYTES);
      for (long at = 0; at < bytes; ) {
        zeros.clear().limit((int) Math.min(CHUNK_BYTES, bytes - at));
        at += out.write(zeros, at);
      }
      out.force(true);
    }
  }

  /**
   * Opens a pool; writes nothing before the first update.
   *
   * @throws PmemException.CannotMap if there is no such file, or it is in use
   * @throws PoolException if it is not a sound pool
   */
  public static PoolFile open(Path path, Options options) {
    if (!Files.isRegularFile(path)) {
      throw new PmemException.CannotMap(
          path
              + (Files.exists(path) ? " is not a file" : " does not exist")
              + ": create a pool first",
          null);
    }
    boolean writes = options.access() == Access.READ_WRITE;
    if (writes && !FolderLock.exists(path)) {
      // Without a lock nobody writes. What is refused shall not be the reason that there is one.
      opened(path, FolderLock.none(), options).close();
    }
    FolderLock lock = FolderLock.take(path, writes);
    try {
      return opened(path, lock, options);
    } catch (RuntimeException | Error thrown) {
      lock.close();
      throw thrown;
    }
  }

  private static PoolFile opened(Path path, FolderLock lock, Options options) {
    PersistentMemory memory =
        options.grows()
            ? new GrowingMemory(path, options.writeBack())
            : MappedMemory.open(path, options.access(), options.writeBack());
    try {
      checkMedium(path, memory, options.require());
      return new PoolFile(path, lock, memory, Pool.open(memory));
    } catch (RuntimeException | Error thrown) {
      memory.close();
      throw thrown;
    }
  }

  private static void checkMedium(Path path, PersistentMemory memory, Survives require) {
    if (!require.on(memory.medium())) {
      throw new PmemException.Unsupported(
          path
              + " lies on "
              + memory.medium().kind()
              + ", which "
              + memory.medium().promise()
              + "; "
              + require
              + " is required: use a file system on persistent memory, or a disk");
    }
  }

  /** A creation has failed late: what is reported is why, and nothing but the lock's file stays. */
  private static void undo(FolderLock lock, Path making) {
    try (lock) {
      Files.deleteIfExists(making);
    } catch (IOException e) {
      // The first failure says more than that of tidying up after it.
    }
  }

  /** Another process, or this one, has the pool open in a way that excludes ours. */
  public static final class InUse extends RuntimeException {
    private static final long serialVersionUID = 1;

    InUse(String message) {
      super(message);
    }
  }

  /** The pool. */
  public Pool pool() {
    return pool;
  }

  /** The memory that it lies in, for who looks at it from outside. */
  PersistentMemory memory() {
    return memory;
  }

  /**
   * Closes the pool and gives the folder free.
   *
   * @throws IllegalStateException inside a transaction or a read of this thread; nothing is closed
   */
  @Override
  public void close() {
    try {
      pool.close();
    } catch (IllegalStateException inUse) {
      throw inUse; // and so locked
    } catch (RuntimeException | Error failed) {
      lock.close();
      throw failed;
    }
    lock.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
