package plinius.system;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Extent;
import plinius.romulus.Pool;
import plinius.romulus.ReadTx;

/**
 * Where the newest mirror lies in a pool: offsets are in plain, so whoever holds the machine finds
 * them as this does.
 *
 * @param header extent of the sealed header
 * @param tensors extents of the sealed tensors, in their order
 */
record MirrorPlaces(Extent header, List<Extent> tensors) {
  static MirrorPlaces in(Path pm) {
    Path file = pm.resolve("model.pm");
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO);
        Pool pool = Pool.open(memory)) {
      return pool.read(MirrorPlaces::read);
    }
  }

  private static MirrorPlaces read(ReadTx tx) {
    long block = tx.root("mirror");
    List<Extent> tensors = new ArrayList<>();
    long count = tx.getLong(block + 48);
    for (long i = 0; i < count; i++) {
      tensors.add(extent(tx, block + 56 + 16 * i));
    }
    return new MirrorPlaces(extent(tx, block + 32), List.copyOf(tensors));
  }

  private static Extent extent(ReadTx tx, long at) {
    return new Extent(tx.getLong(at), tx.getLong(at + 8));
  }

  /** Two tensors whose sealed forms have the same length. */
  List<Extent> twoOfOneShape() {
    for (int i = 0; i < tensors.size(); i++) {
      for (int j = i + 1; j < tensors.size(); j++) {
        if (tensors.get(i).bytes() == tensors.get(j).bytes()) {
          return List.of(tensors.get(i), tensors.get(j));
        }
      }
    }
    throw new AssertionError("no two tensors of " + tensors + " have one length");
  }
}
