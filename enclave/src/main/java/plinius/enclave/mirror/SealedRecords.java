package plinius.enclave.mirror;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import plinius.kernel.Workers;
import plinius.romulus.Extent;
import plinius.romulus.ReadTx;
import plinius.romulus.Tx;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.Sealer;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * The records of one mirror, in their order.
 *
 * <pre>
 *  offset  bytes  field
 *       0      4  tensor index, {@link #HEADER} for the header
 *       4      4  record index within the tensor
 *       8      8  sequence of the mirror
 *      16     12  nonce
 *      28      n  ciphertext
 *  28 + n     16  tag
 * </pre>
 *
 * The first three are plain, so that an exchanged or an older record is told apart from a changed
 * one; they are part of the associated data too. Whatever is read from the pool is copied once,
 * checked, and only the copy is used.
 */
final class SealedRecords {

  static final int HEADER = -1;
  static final int PLAIN_BYTES_MAX = 256 * 1024;
  static final int PLACE_BYTES = 16;
  static final int OVERHEAD = PLACE_BYTES + Sealer.OVERHEAD;
  private static final int TAG_BYTES = 16;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, BIG_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Plain bytes for which one more thread is worth its waking. */
  private static final long BYTES_PER_THREAD = 1 << 20;

  private final Id128 job;
  private final long epoch;
  private final long sequence;
  private final List<MirroredTensor> tensors;
  private final Staging staging;
  private final int[] firstRecords; // of each tensor, then the number of all
  private final byte[] tags; // of the tensors' records, in order
  private byte[] headerTag = {};

  /**
   * The records of one mirror of these tensors.
   *
   * @param staging for the threads that help
   */
  SealedRecords(
      Id128 job, long epoch, long sequence, List<MirroredTensor> tensors, Staging staging) {
    this.job = job;
    this.epoch = epoch;
    this.sequence = sequence;
    this.tensors = tensors;
    this.staging = staging;
    firstRecords = new int[tensors.size() + 1];
    for (int i = 0; i < tensors.size(); i++) {
      firstRecords[i + 1] = firstRecords[i] + count(4L * tensors.get(i).count());
    }
    tags = new byte[TAG_BYTES * firstRecords[tensors.size()]];
  }

  /**
   * Where records lie between memory and cipher, for each thread that takes a share of them; made
   * once and used for every mirror.
   */
  static final class Staging {
    private final Workers workers;
    private final Lane[] lanes;

    Staging(Workers workers) {
      this.workers = workers;
      lanes = new Lane[workers.threads()];
    }

    private synchronized Lane lane(int number) {
      if (lanes[number] == null) {
        lanes[number] = new Lane();
      }
      return lanes[number];
    }

    /** Plaintext does not stay. */
    synchronized void wipe() {
      for (Lane lane : lanes) {
        if (lane != null) {
          Arrays.fill(lane.plain, (byte) 0);
        }
      }
    }
  }

  private static final class Lane {
    private final byte[] plain = new byte[PLAIN_BYTES_MAX];
    private final byte[] sealed = new byte[PLAIN_BYTES_MAX + OVERHEAD];
  }

  /** What is done with one record. */
  private interface RecordTask {
    void accept(Lane lane, int tensor, int record);
  }

  /** What one thread brings along. */
  private interface LaneTask {
    void accept(Lane lane, Consumer<RecordTask> all);
  }

  /** Runs a task on each lane that the tensors are worth; together they take all records. */
  private void share(LaneTask task) {
    long bytes = tensors.stream().mapToLong(t -> 4L * t.count()).sum();
    int all = firstRecords[tensors.size()];
    int threads = Math.clamp(bytes / BYTES_PER_THREAD, 1, staging.lanes.length);
    AtomicInteger next = new AtomicInteger();
    staging.workers.run(
        threads,
        number -> {
          Lane lane = staging.lane(number);
          task.accept(
              lane,
              each -> {
                for (int i = next.getAndIncrement(); i < all; i = next.getAndIncrement()) {
                  int tensor = tensorOf(i);
                  each.accept(lane, tensor, i - firstRecords[tensor]);
                }
              });
        });
  }

  private int tensorOf(int record) {
    int found = Arrays.binarySearch(firstRecords, record);
    return found >= 0 ? found : -found - 2;
  }

  static int count(long plainBytes) {
    return Math.toIntExact((plainBytes + PLAIN_BYTES_MAX - 1) / PLAIN_BYTES_MAX);
  }

  static long sealedBytes(long plainBytes) {
    return plainBytes + (long) count(plainBytes) * OVERHEAD;
  }

  /** Seals all tensors into their extents. */
  void write(Tx tx, List<Extent> extents, Sealer sealer) {
    share(
        (lane, all) -> {
          try (Sealer mine = sealer.fork()) {
            all.accept(
                (_, tensor, record) -> write(tx, extents.get(tensor), lane, tensor, record, mine));
          }
        });
  }

  private void write(Tx tx, Extent extent, Lane lane, int index, int record, Sealer sealer) {
    MirroredTensor tensor = tensors.get(index);
    int first = first(record);
    int floats = floats(tensor, record);
    MemorySegment.copy(
        MemorySegment.ofArray(tensor.block()),
        ValueLayout.JAVA_FLOAT,
        4L * (tensor.offset() + first),
        MemorySegment.ofArray(lane.plain),
        FLOAT,
        0,
        floats);
    byte[] place = associated(index, tensor.name(), tensor.shape(), record, records(index));
    int bytes = seal(lane, index, record, 4 * floats, place, sealer);
    System.arraycopy(lane.sealed, bytes - TAG_BYTES, tags, tagAt(index, record), TAG_BYTES);
    tx.writeExtent(extent, offset(record), lane.sealed, 0, bytes);
  }

  void writeHeader(Tx tx, Extent extent, byte[] header, Sealer sealer) {
    Lane lane = staging.lane(0);
    System.arraycopy(header, 0, lane.plain, 0, header.length);
    int bytes = seal(lane, HEADER, 0, header.length, associatedHeader(), sealer);
    headerTag = Arrays.copyOfRange(lane.sealed, bytes - TAG_BYTES, bytes);
    tx.writeExtent(extent, 0, lane.sealed, 0, bytes);
  }

  private int seal(Lane lane, int index, int record, int length, byte[] place, Sealer sealer) {
    INT.set(lane.sealed, 0, index);
    INT.set(lane.sealed, 4, record);
    LONG.set(lane.sealed, 8, sequence);
    return PLACE_BYTES + sealer.seal(lane.plain, 0, length, place, lane.sealed, PLACE_BYTES);
  }

  /**
   * Authenticates all tensors' records and brings each to its place once it is authentic. Where one
   * is not, all tensors are 0 afterwards.
   */
  void read(ReadTx tx, List<Extent> extents, SecretBytes key) {
    for (int i = 0; i < tensors.size(); i++) {
      long expected = sealedBytes(4L * tensors.get(i).count());
      if (extents.get(i).bytes() != expected) {
        throw new MirrorException.Tampered(
            "model.pm: tensor " + tensors.get(i).name(),
            "its extent has %d bytes instead of %d".formatted(extents.get(i).bytes(), expected));
      }
    }
    try {
      share(
          (lane, all) -> {
            try (Unsealer mine = new Unsealer(key)) {
              all.accept(
                  (_, tensor, record) -> read(tx, extents.get(tensor), lane, tensor, record, mine));
            }
          });
    } catch (RuntimeException | Error e) {
      forget();
      throw e;
    }
  }

  /** Sets all tensors to 0. */
  void forget() {
    for (MirroredTensor tensor : tensors) {
      Arrays.fill(tensor.block(), tensor.offset(), tensor.offset() + tensor.count(), 0);
    }
  }

  private void read(ReadTx tx, Extent extent, Lane lane, int index, int record, Unsealer unsealer) {
    MirroredTensor tensor = tensors.get(index);
    int floats = floats(tensor, record);
    byte[] place = associated(index, tensor.name(), tensor.shape(), record, records(index));
    String where =
        "model.pm: tensor %s, record %d of %d".formatted(tensor.name(), record + 1, records(index));
    unseal(tx, extent, offset(record), where, lane, index, record, 4 * floats, place, unsealer);
    int bytes = 4 * floats + OVERHEAD;
    System.arraycopy(lane.sealed, bytes - TAG_BYTES, tags, tagAt(index, record), TAG_BYTES);
    MemorySegment.copy(
        MemorySegment.ofArray(lane.plain),
        FLOAT,
        0,
        MemorySegment.ofArray(tensor.block()),
        ValueLayout.JAVA_FLOAT,
        4L * (tensor.offset() + first(record)),
        floats);
  }

  MirrorHeader readHeader(ReadTx tx, Extent extent, Unsealer unsealer) {
    if (extent.bytes() <= OVERHEAD || extent.bytes() > MirrorHeader.BYTES_MAX + OVERHEAD) {
      throw new MirrorException.Tampered(
          "model.pm: mirror header", "it cannot have %d bytes".formatted(extent.bytes()));
    }
    int length = (int) extent.bytes() - OVERHEAD;
    Lane lane = staging.lane(0);
    String where = "model.pm: mirror header";
    unseal(tx, extent, 0, where, lane, HEADER, 0, length, associatedHeader(), unsealer);
    int bytes = length + OVERHEAD;
    headerTag = Arrays.copyOfRange(lane.sealed, bytes - TAG_BYTES, bytes);
    return MirrorHeader.decode(lane.plain, length);
  }

  private void unseal(
      ReadTx tx,
      Extent extent,
      long at,
      String where,
      Lane lane,
      int index,
      int record,
      int length,
      byte[] place,
      Unsealer unsealer) {
    byte[] sealed = lane.sealed;
    int bytes = length + OVERHEAD;
    tx.readExtent(extent, at, sealed, 0, bytes);
    int foundIndex = (int) INT.get(sealed, 0);
    int foundRecord = (int) INT.get(sealed, 4);
    long foundSequence = (long) LONG.get(sealed, 8);
    if (foundSequence != sequence) {
      throw new MirrorException.Tampered(
          where,
          "it is of mirror %d, and this is mirror %d: an older or foreign record was put here"
              .formatted(foundSequence, sequence));
    }
    if (foundIndex != index || foundRecord != record) {
      throw new MirrorException.Tampered(
          where,
          "here lies record %d of tensor number %d instead of record %d of number %d: records were exchanged"
              .formatted(foundRecord + 1, foundIndex, record + 1, index));
    }
    try {
      unsealer.unseal(sealed, PLACE_BYTES, bytes - PLACE_BYTES, place, lane.plain, 0);
    } catch (SealException.NotAuthentic e) {
      throw new MirrorException.Tampered(
          where, "its seal does not fit (at least one bit of it was changed)");
    }
  }

  private static int first(int record) {
    return record * (PLAIN_BYTES_MAX / 4);
  }

  private static int floats(MirroredTensor tensor, int record) {
    return Math.min(PLAIN_BYTES_MAX / 4, tensor.count() - first(record));
  }

  /** Of a record within its extent. */
  private static long offset(int record) {
    return (long) record * (PLAIN_BYTES_MAX + OVERHEAD);
  }

  private int records(int index) {
    return firstRecords[index + 1] - firstRecords[index];
  }

  private int tagAt(int index, int record) {
    return TAG_BYTES * (firstRecords[index] + record);
  }

  /** Over (tensor, record, tag) of all tensors' records, in order. */
  byte[] digest() {
    MessageDigest digest = sha256();
    for (int index = 0; index < tensors.size(); index++) {
      for (int record = 0; record < records(index); record++) {
        update(digest, index, record, tags, tagAt(index, record));
      }
    }
    return digest.digest();
  }

  /** The same of the header's record. */
  byte[] headerDigest() {
    MessageDigest digest = sha256();
    update(digest, HEADER, 0, headerTag, 0);
    return digest.digest();
  }

  private static void update(MessageDigest digest, int index, int record, byte[] tag, int at) {
    byte[] place = new byte[8];
    INT.set(place, 0, index);
    INT.set(place, 4, record);
    digest.update(place);
    digest.update(tag, at, TAG_BYTES);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] associatedHeader() {
    return associated(HEADER, "header", new int[0], 0, 1);
  }

  private byte[] associated(int index, String name, int[] shape, int record, int records) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MirrorHeader.FORMAT);
      out.write(job.bytes());
      out.writeLong(epoch);
      out.writeLong(sequence);
      out.writeInt(index);
      byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
      out.writeInt(utf8.length);
      out.write(utf8);
      out.writeInt(shape.length);
      for (int extent : shape) {
        out.writeInt(extent);
      }
      out.writeBytes("f32");
      out.writeInt(record);
      out.writeInt(records);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static List<Integer> shapeOf(MirroredTensor tensor) {
    return Arrays.stream(tensor.shape()).boxed().toList();
  }
}
