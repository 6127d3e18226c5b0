package plinius.cli.demo;

import java.nio.file.Path;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;

/**
 * Where the newest mirror lies, as anybody can find it who holds the machine: offsets are in plain,
 * contents are not. The block is that of docs/design/mirror-format.md.
 */
final class SealedState {
  private static final String ROOT = "mirror";
  private static final int COUNT_AT = 48;
  private static final int EXTENTS_AT = 56;
  private static final int EXTENT_BYTES = 16;

  private SealedState() {}

  /** The offset of a byte in the middle of the largest sealed tensor. */
  static long middleOfLargestTensor(Path pool) {
    try (PersistentMemory memory = MappedMemory.open(pool, Access.READ_ONLY, WriteBack.AUTO);
        Pool opened = Pool.open(memory)) {
      return opened.read(
          tx -> {
            long block = tx.root(ROOT);
            if (block == 0) {
              throw new Refusal(ExitCode.BAD_INPUT, "there is no mirror in " + pool);
            }
            long largest = 0;
            long middle = 0;
            long count = tx.getLong(block + COUNT_AT);
            for (long i = 0; i < count; i++) {
              long at = block + EXTENTS_AT + i * EXTENT_BYTES;
              long bytes = tx.getLong(at + Long.BYTES);
              if (bytes > largest) {
                largest = bytes;
                middle = tx.getLong(at) + bytes / 2;
              }
            }
            return middle;
          });
    }
  }
}
