package plinius.evaluation.mirror;

import java.nio.file.Path;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * The limit: as many bytes as the sealed model has, copied into the medium and made durable,
 * without cipher and transaction; and back.
 */
final class CopyStore implements Store {
  private static final int CHUNK_BYTES = 256 << 10;

  private final PersistentMemory memory;
  private final byte[] bytes;

  CopyStore(Path file, Model model) {
    this.bytes = new byte[Math.toIntExact(model.bytes())];
    new java.util.Random(1).nextBytes(bytes);
    PreparedFile.make(file, bytes.length);
    this.memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO);
  }

  @Override
  public String name() {
    return "copy";
  }

  @Override
  public void save() {
    for (int at = 0; at < bytes.length; at += CHUNK_BYTES) {
      memory.stream(at, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at));
    }
    memory.pfence();
  }

  @Override
  public void restore() {
    for (int at = 0; at < bytes.length; at += CHUNK_BYTES) {
      memory.read(at, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at));
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
