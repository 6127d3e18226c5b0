package plinius.enclave.pmdata;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import plinius.attestation.kbs.Grant;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.enclave.EnclaveException;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.seal.Id128;

/** A sealed data set, mapped and opened with a grant's keys. One thread. */
public final class PmData implements AutoCloseable {
  private final PersistentMemory memory;
  private final SealedDataSet set;
  private final String name;
  private final byte[] values;

  private PmData(PersistentMemory memory, SealedDataSet set, String name) {
    this.memory = memory;
    this.set = set;
    this.name = name;
    this.values = new byte[set.info().kind().valueBytes()];
  }

  /**
   * Maps a file and authenticates its manifest. What the file says of itself in plain only chooses
   * the key; the key decides.
   *
   * @param name for messages
   */
  public static PmData open(String name, Path file, Grant grant) {
    PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO);
    try {
      ByteSource source = new Mapped(memory);
      DataSetInfo plain = DataSetInfo.readPlain(name, source);
      if (!plain.ownerKeyId().equals(grant.ownerKeyId())) {
        throw new EnclaveException.BadInput(
            ("wrong key: %s was sealed under the key %s and the job is of the key %s; seal the data"
                    + " under the job's key, or use the key that sealed it")
                .formatted(name, plain.ownerKeyId(), grant.ownerKeyId()));
      }
      String foreign =
          "the job was not granted the data set %s of %s; name the one that the job was made with"
              .formatted(plain.id(), name);
      Grant.DataKey key =
          grant.dataKey(plain.id()).orElseThrow(() -> new EnclaveException.BadInput(foreign));
      return new PmData(
          memory, SealedDataSet.open(name, source, key.recordKey(), key.manifestKey()), name);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  public Id128 id() {
    return set.info().id();
  }

  /** How many samples there are. */
  public long count() {
    return set.info().records();
  }

  /** What its samples are. */
  public SampleKind kind() {
    return set.info().kind();
  }

  /**
   * Unseals a sample into a batch.
   *
   * @param target receives the values at {@code at} and after: bytes / 255, (height, width,
   *     channels), or numbers as they are
   */
  public Label load(long index, float[] target, int at) {
    Label label = set.read(index, values);
    if (kind().data().elementBytes() == Float.BYTES) {
      ByteBuffer.wrap(values).asFloatBuffer().get(target, at, kind().values());
      return label;
    }
    for (int i = 0; i < values.length; i++) {
      target[at + i] = (values[i] & 0xff) / 255f;
    }
    return label;
  }

  /**
   * Unseals a piece of what was cut.
   *
   * @param target receives its bytes
   * @return how many of them belong to the whole
   */
  public int loadPiece(long index, byte[] target) {
    return ((Label.Length) set.read(index, target)).values();
  }

  /** The failure of data that does not fit the network. */
  EnclaveException.BadInput unfit(String samples, String network) {
    return new EnclaveException.BadInput(
        "the samples of " + name + " are " + samples + " and the network " + network);
  }

  /** Wipes the keys and what was read last, and unmaps the file. */
  @Override
  public void close() {
    Arrays.fill(values, (byte) 0);
    set.close();
    memory.close();
  }

  /** A mapped file as the source of sealed bytes; each read is a copy. */
  private record Mapped(PersistentMemory memory) implements ByteSource {
    @Override
    public long bytes() {
      return memory.bytes();
    }

    @Override
    public void read(long offset, byte[] target, int at, int length) {
      memory.read(offset, target, at, length);
    }
  }
}
