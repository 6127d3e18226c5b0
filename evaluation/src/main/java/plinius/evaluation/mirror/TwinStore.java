package plinius.evaluation.mirror;

import java.nio.file.Path;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolIdentity;
import plinius.romulus.PoolSizing;
import plinius.romulus.Protocol;
import plinius.seal.SecretBytes;

/**
 * Persistent memory in the paper's way: the sealed buffers lie in the twins themselves, so that one
 * transaction writes each byte twice, to the one and to the other.
 */
final class TwinStore implements Store {
  private static final String ROOT = "model";
  private static final long PAGE_BYTES = 4096;

  private final Path file;
  private final Buffers buffers;
  private final Pool pool;

  TwinStore(Path file, Model model, SecretBytes key) {
    this.file = file;
    this.buffers = new Buffers(model, key);
    long needed = buffers.sealedBytes() + buffers.sealedBytes() / 3;
    PoolSizing sizing = PoolSizing.of(new long[] {PAGE_BYTES}, needed);
    PreparedFile.make(file, sizing.poolBytes());
    this.pool =
        Pool.format(
            MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO),
            new PoolIdentity(new byte[16], new byte[16]),
            Protocol.PING_PONG,
            sizing.twinBytes());
    pool.update(
        tx -> {
          tx.setRoot(ROOT, tx.alloc(buffers.sealedBytes()));
          return null;
        });
  }

  @Override
  public String name() {
    return "paper's way: twice in one transaction";
  }

  @Override
  public void save() {
    pool.update(
        tx -> {
          long row = tx.root(ROOT);
          for (Buffers.Part part : buffers.parts()) {
            tx.write(row + part.at(), buffers.seal(part), 0, part.sealedBytes());
          }
          return null;
        });
  }

  @Override
  public void restore() {
    try (Pool opened = Pool.open(MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO))) {
      opened.read(
          tx -> {
            long row = tx.root(ROOT);
            for (Buffers.Part part : buffers.parts()) {
              tx.read(row + part.at(), buffers.incoming(), 0, part.sealedBytes());
              buffers.unseal(part);
            }
            return null;
          });
    }
  }

  @Override
  public void close() {
    pool.close();
    buffers.close();
  }
}
