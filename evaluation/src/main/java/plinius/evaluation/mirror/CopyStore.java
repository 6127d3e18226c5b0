package plinius.evaluation.mirror;

import java.nio.file.Path;
import plinius.kernel.Workers;
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

  /** What is done with some of the bytes. */
  @FunctionalInterface
  private interface Chunk {
    void accept(int at, int length);
  }

  private final PersistentMemory memory;
  private final byte[] bytes;
  private final Workers workers;

  CopyStore(Path file, Model model, Workers workers) {
    this.workers = workers;
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
    share(
        (at, length) -> {
          memory.stream(at, bytes, at, length);
          memory.handOver();
        });
    memory.pfence();
  }

  @Override
  public void restore() {
    share((at, length) -> memory.read(at, bytes, at, length));
  }

  /** Chunks of the size of a record, as they come, to whichever thread is free. */
  private void share(Chunk chunk) {
    int chunks = Math.ceilDiv(bytes.length, CHUNK_BYTES);
    workers.run(
        chunks,
        number -> {
          int at = number * CHUNK_BYTES;
          chunk.accept(at, Math.min(CHUNK_BYTES, bytes.length - at));
        });
  }

  @Override
  public void close() {
    memory.close();
  }
}
