package plinius.romulus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/** A mapped file for a pool, in memory where there is a tmpfs. */
final class RealFile {
  static final int TWIN_BYTES = 64 << 10;
  private static final int BYTES = 8192 + 2 * TWIN_BYTES + (64 << 10);
  private static final Path TMPFS = Path.of("/dev/shm");

  private RealFile() {}

  /** The file's name is gone already: it ends with its mapping. */
  static PersistentMemory open(Path otherwise) throws IOException {
    Path folder = Files.isWritable(TMPFS) ? TMPFS : otherwise;
    Path file = Files.createTempFile(folder, "plinius-romulus-", ".pm");
    try {
      Files.write(file, new byte[BYTES]);
      return MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO);
    } finally {
      Files.delete(file);
    }
  }
}
