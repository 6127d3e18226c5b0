package plinius.cli.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Extent;
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

  /** The extents of the sealed tensors, in their order. */
  static List<Extent> tensors(Path pool) {
    try (PersistentMemory memory = MappedMemory.open(pool, Access.READ_ONLY, WriteBack.AUTO);
        Pool opened = Pool.open(memory)) {
      return opened.read(
          tx -> {
            long block = tx.root(ROOT);
            if (block == 0) {
              throw new Refusal(ExitCode.BAD_INPUT, "there is no mirror in " + pool);
            }
            List<Extent> tensors = new ArrayList<>();
            long count = tx.getLong(block + COUNT_AT);
            for (long i = 0; i < count; i++) {
              long at = block + EXTENTS_AT + i * EXTENT_BYTES;
              tensors.add(new Extent(tx.getLong(at), tx.getLong(at + Long.BYTES)));
            }
            return tensors;
          });
    }
  }

  static Extent largest(List<Extent> tensors) {
    return Collections.max(tensors, Comparator.comparingLong(Extent::bytes));
  }

  /** The first two of one length, which the same key seals: an exchange that only place betrays. */
  static List<Extent> twoAlike(List<Extent> tensors) {
    for (Extent first : tensors) {
      for (Extent second : tensors) {
        if (first.offset() != second.offset() && first.bytes() == second.bytes()) {
          return List.of(first, second);
        }
      }
    }
    throw new Refusal(ExitCode.INTERNAL, "no two sealed tensors have one length");
  }
}
