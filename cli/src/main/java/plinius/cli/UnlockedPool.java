package plinius.cli;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.LongStream;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolInfo;
import plinius.store.PoolFile;

/**
 * A look at a pool without its lock, for which a training run would have to wait, and which would
 * have to wait for that.
 *
 * <p>Whoever writes meanwhile stores to the twin that does not count, until a commit stores the
 * changing word or a witness: so the twin that counts was whole while these stayed the same. None
 * of them comes back to what it was. Where it has changed, what was read may be of two states, and
 * what seems damaged is not: then the look begins anew, with the file's length of now. So it does
 * where only the length has changed: a pool that grew between the mapping and the first look at the
 * word does not fit into what was mapped.
 */
final class UnlockedPool {
  /** Where the changing word and the witnesses lie, as docs/design/pmem-format.md says. */
  private static final long[] WORD_OFFSETS = {4096, 4160, 4224};

  private static final int TRIES = 10;
  private static final long PAUSE_NANOS = 2_000_000;

  private UnlockedPool() {}

  /**
   * Reads a pool.
   *
   * @param look reads all that it wants; may be called several times
   * @throws Refusal if the pool never stood still for so long: it is in use
   * @throws PoolException if it stood still, and {@code look} says that it is not sound
   */
  static <T> T read(Path file, Function<PersistentMemory, T> look) {
    for (int tries = 0; tries < TRIES; tries++) {
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
        List<Long> before = words(memory);
        VarHandle.acquireFence(); // not later than what follows
        T found = null;
        PoolException unsound = null;
        try {
          found = look.apply(memory);
        } catch (PoolException torn) {
          unsound = torn;
        }
        VarHandle.acquireFence(); // not earlier than what came before
        if (words(memory).equals(before)) {
          if (unsound == null) {
            return found;
          }
          if (isAll(memory, file)) {
            throw unsound;
          }
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new Refusal(
        ExitCode.IN_USE,
        file
            + " is in use: it changes faster than it can be read; try again, or wait for its user"
            + " to end");
  }

  /**
   * What a pool says of itself in plain.
   *
   * @throws Refusal if the file is no pool, or none that is sound
   */
  static PoolInfo info(Path file) {
    try {
      return plain(file);
    } catch (PoolException e) {
      throw refusal(file, e);
    }
  }

  /** The same of the pool in a folder; empty where there is none, or none was finished. */
  static Optional<PoolInfo> infoIn(Path folder) {
    Path file = folder.resolve(PoolFile.MODEL);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(plain(file));
    } catch (PoolException.NotFormatted e) {
      // A run that died before it had formatted the pool: the next one starts over.
      return Optional.empty();
    } catch (PoolException e) {
      throw refusal(file, e);
    }
  }

  private static PoolInfo plain(Path file) {
    return read(file, memory -> Pool.open(memory).info());
  }

  /** A pool does not know its file's name. */
  static Refusal refusal(Path file, PoolException why) {
    return new Refusal(Failures.code(why), file + ": " + why.getMessage());
  }

  private static boolean isAll(PersistentMemory memory, Path file) {
    try {
      return memory.bytes() == Files.size(file);
    } catch (IOException gone) {
      return false; // which the next look says better
    }
  }

  private static List<Long> words(PersistentMemory memory) {
    return LongStream.of(WORD_OFFSETS)
        .filter(offset -> offset <= memory.bytes() - Long.BYTES)
        .mapToObj(memory::getLong)
        .toList();
  }
}
