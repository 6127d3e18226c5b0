package plinius.evaluation.mirror;

import java.nio.file.Path;
import java.util.Optional;
import plinius.kernel.Workers;
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
  private Optional<Pool> opened = Optional.empty();

  TwinStore(Path file, Model model, SecretBytes key) {
    this.file = file;
    // A transaction writes its twin on one thread, as the paper's does.
    this.buffers = new Buffers(model, key, new Workers(1));
    long needed = buffers.sealedBytes() + buffers.sealedBytes() / 3;
    PoolSizing sizing = PoolSizing.of(new long[] {PAGE_BYTES}, needed);
    PreparedFile.make(file, sizing.poolBytes());
    this.pool =
        Pool.format(
            MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO),
            PoolIdentity.NOBODY,
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
            tx.write(row + part.at(), buffers.lane().seal(part), 0, part.sealedBytes());
          }
          return null;
        });
  }

  @Override
  public void restore() {
    release();
    Pool found = Pool.open(MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO));
    opened = Optional.of(found);
    Buffers.Lane lane = buffers.lane();
    found.read(
        tx -> {
          long row = tx.root(ROOT);
          for (Buffers.Part part : buffers.parts()) {
            tx.read(row + part.at(), lane.incoming(), 0, part.sealedBytes());
            lane.unseal(part);
          }
          return null;
        });
  }

  @Override
  public void release() {
    opened.ifPresent(Pool::close);
    opened = Optional.empty();
  }

  @Override
  public void close() {
    release();
    pool.close();
    buffers.close();
  }
}
