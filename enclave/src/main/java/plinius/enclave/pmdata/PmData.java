package plinius.enclave.pmdata;

import java.nio.file.Path;
import plinius.attestation.kbs.Grant;
import plinius.darknet.Network;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetInfo;
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
  /** A byte's value as the network sees it: 0 to 1. */
  private static final float[] UNIT = new float[256];

  static {
    for (int i = 0; i < UNIT.length; i++) {
      UNIT[i] = i / 255f;
    }
  }

  private final PersistentMemory memory;
  private final SealedDataSet set;
  private final String name;
  private final byte[] pixels;

  private PmData(PersistentMemory memory, SealedDataSet set, String name) {
    this.memory = memory;
    this.set = set;
    this.name = name;
    this.pixels = new byte[set.info().kind().pixelBytes()];
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
            "wrong key: "
                + name
                + " was sealed under the key "
                + plain.ownerKeyId()
                + " and the job is of the key "
                + grant.ownerKeyId()
                + "; seal the data under the job's key, or use the key that sealed it");
      }
      Grant.DataKey key =
          grant
              .dataKey(plain.id())
              .orElseThrow(
                  () ->
                      new EnclaveException.BadInput(
                          "the job was not granted the data set "
                              + plain.id()
                              + " of "
                              + name
                              + "; name the one that the job was made with"));
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

  /** Refuses data that does not fit the network's input and output. */
  public void requireFit(Network network) {
    SampleKind kind = set.info().kind();
    boolean image =
        kind.height() == network.height()
            && kind.width() == network.width()
            && kind.channels() == network.channels();
    boolean flat = network.height() == 1 && network.width() == 1;
    if (!(image || (flat && kind.pixelBytes() == network.inputs()))) {
      throw new EnclaveException.BadInput(
          "the samples of "
              + name
              + " are "
              + kind
              + " and the network takes "
              + network.height()
              + " x "
              + network.width()
              + " x "
              + network.channels()
              + "; change height, width and channels in [net]");
    }
    if (kind.classes() != network.truths()) {
      throw new EnclaveException.BadInput(
          "the samples of "
              + name
              + " are of "
              + kind.classes()
              + " classes and the network tells "
              + network.truths()
              + " apart; change the last layer");
    }
  }

  /**
   * Unseals a sample into a batch.
   *
   * @param input receives pixels / 255 at {@code [at, at + pixels)}, (height, width, channels)
   * @return the label
   */
  public int load(long index, float[] input, int at) {
    int label = set.read(index, pixels);
    for (int i = 0; i < pixels.length; i++) {
      input[at + i] = UNIT[pixels[i] & 0xff];
    }
    return label;
  }

  /** Wipes the keys and unmaps the file. */
  @Override
  public void close() {
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
