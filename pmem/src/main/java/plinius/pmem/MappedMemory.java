package plinius.pmem;

import java.nio.file.Path;

/** A file mapped as persistent memory. */
public abstract class MappedMemory implements PersistentMemory {
  private MappedMemory() {}

  public static PersistentMemory open(Path file, Access access, WriteBack writeBack) {
    return null;
  }
}
