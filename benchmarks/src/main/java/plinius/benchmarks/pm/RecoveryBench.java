package plinius.benchmarks.pm;

import java.nio.file.Path;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolIdentity;
import plinius.romulus.PoolStats;
import plinius.romulus.Protocol;

/**
 * How long a pool takes to be opened and recovered, and how much of it is payload: full twins, the
 * worst case, since what lies in extents is not copied.
 */
final class RecoveryBench {
  /**
   * A pool.
   *
   * @param payloadBytes what a program had stored in blocks
   * @param openMillis until it may be read: header, word, and the whole structure checked
   * @param recoveryMillis until the first update may begin: the other twin replaced
   */
  record Result(
      long poolBytes,
      long payloadBytes,
      double overhead,
      double openMillis,
      double recoveryMillis,
      long recoveredBytes) {}

  /** With its header exactly a size class; others are up to a quarter larger than asked for. */
  private static final int BLOCK_BYTES = (1 << 16) - 16;

  private RecoveryBench() {}

  /** The file has its size already. */
  static Result measure(Path file, Protocol protocol) {
    long payload = 0;
    long poolBytes;
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
      poolBytes = memory.bytes();
      long twin = (poolBytes / 2 - 4096 - 32_768) & -4096;
      Pool pool = Pool.format(memory, PoolIdentity.NOBODY, protocol, twin);
      byte[] bytes = new byte[BLOCK_BYTES];
      try {
        while (true) {
          pool.update(
              tx -> {
                tx.write(tx.alloc(BLOCK_BYTES), bytes, 0, BLOCK_BYTES);
                return null;
              });
          payload += BLOCK_BYTES;
        }
      } catch (PoolException.Full full) {
        // Then it is as large as it gets.
      }
    }
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
      long began = System.nanoTime();
      Pool pool = Pool.open(memory);
      double openMillis = (System.nanoTime() - began) / 1e6;
      pool.update(_ -> null);
      PoolStats stats = pool.stats();
      return new Result(
          poolBytes,
          payload,
          (double) poolBytes / payload,
          openMillis,
          stats.recoveryNanos() / 1e6,
          stats.recoveredBytes());
    }
  }
}
