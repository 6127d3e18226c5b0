package plinius.enclave.mirror;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import plinius.kernel.Workers;
import plinius.romulus.Extent;
import plinius.romulus.ReadTx;
import plinius.romulus.Tx;
import plinius.seal.Digests;
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
 *       0      4  tensor index, -1 for the header
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
  static final int PLAIN_BYTES_MAX = 256 * 1024;
  static final int PLACE_BYTES = 16;
  static final int OVERHEAD = PLACE_BYTES + Sealer.OVERHEAD;
  private static final int TAG_BYTES = 16;
  private static final int FLOATS_MAX = PLAIN_BYTES_MAX / 4;
  private static final byte[] TYPE = "f32".getBytes(StandardCharsets.US_ASCII);

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
      firstRecords[i + 1] = firstRecords[i] + count(tensors.get(i));
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
        lanes[number] = new Lane(new byte[PLAIN_BYTES_MAX], new byte[PLAIN_BYTES_MAX + OVERHEAD]);
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

  @SuppressWarnings("ArrayRecordComponent") // room, which nobody compares
  private record Lane(byte[] plain, byte[] sealed) {
    byte[] tag(int sealedBytes) {
      return Arrays.copyOfRange(sealed, sealedBytes - TAG_BYTES, sealedBytes);
    }
  }

  /**
   * A record's place in a mirror.
   *
   * @param number among the records of all tensors
   * @param index of its tensor
   * @param record index within the tensor, which has so many {@code records}
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares places
  private record Place(int number, int index, String name, int[] shape, int record, int records) {
    static final Place HEADER = new Place(-1, -1, "header", new int[0], 0, 1);

    int firstFloat() {
      return record * FLOATS_MAX;
    }

    /** Within the extent. */
    long offset() {
      return (long) record * (PLAIN_BYTES_MAX + OVERHEAD);
    }

    @Override
    public String toString() {
      return index < 0
          ? "model.pm: mirror header"
          : "model.pm: tensor %s, record %d of %d".formatted(name, record + 1, records);
    }
  }

  private Place place(int number) {
    int found = Arrays.binarySearch(firstRecords, number);
    int index = found >= 0 ? found : -found - 2;
    MirroredTensor tensor = tensors.get(index);
    int first = firstRecords[index];
    return new Place(number, index, tensor.name(), tensor.shape(), number - first, count(tensor));
  }

  /** Runs a task on each lane that the tensors are worth; together they get all records. */
  private void share(BiConsumer<Lane, Stream<Place>> task) {
    long bytes = tensors.stream().mapToLong(MirroredTensor::bytes).sum();
    int all = firstRecords[tensors.size()];
    int threads = Math.clamp(bytes / BYTES_PER_THREAD, 1, staging.lanes.length);
    AtomicInteger next = new AtomicInteger();
    staging.workers.run(
        threads,
        number -> {
          IntStream mine =
              IntStream.iterate(next.getAndIncrement(), i -> i < all, _ -> next.getAndIncrement());
          task.accept(staging.lane(number), mine.mapToObj(this::place));
        });
  }

  static int count(MirroredTensor tensor) {
    return Math.ceilDiv(tensor.count(), FLOATS_MAX);
  }

  static long sealedBytes(MirroredTensor tensor) {
    return tensor.bytes() + (long) count(tensor) * OVERHEAD;
  }

  /**
   * Seals all tensors into their extents.
   *
   * @throws MirrorException.NotFinite if one has a value that is not: looked for here, where the
   *     values pass by anyway
   */
  void write(Tx tx, List<Extent> extents, Sealer sealer) {
    share(
        (lane, places) -> {
          try (Sealer mine = sealer.fork()) {
            places.forEach(place -> write(tx, extents.get(place.index), lane, place, mine));
          }
        });
  }

  private void write(Tx tx, Extent extent, Lane lane, Place place, Sealer sealer) {
    MirroredTensor tensor = tensors.get(place.index);
    int floats = floats(tensor, place);
    if (!tensor.finite(place.firstFloat(), floats)) {
      throw new MirrorException.NotFinite(place.name);
    }
    tensor.copyTo(lane.plain, place.firstFloat(), floats);
    int bytes = seal(lane, place, 4 * floats, sealer);
    keepTag(lane, place, bytes);
    tx.writeExtent(extent, place.offset(), lane.sealed, 0, bytes);
  }

  /** Sealed bytes of a header. */
  int sealedBytes(MirrorHeader header) {
    return header.encode(staging.lane(0).plain) + OVERHEAD;
  }

  void writeHeader(Tx tx, Extent extent, MirrorHeader header, Sealer sealer) {
    Lane lane = staging.lane(0);
    int bytes = seal(lane, Place.HEADER, header.encode(lane.plain), sealer);
    headerTag = lane.tag(bytes);
    tx.writeExtent(extent, 0, lane.sealed, 0, bytes);
  }

  private int seal(Lane lane, Place place, int length, Sealer sealer) {
    ByteBuffer.wrap(lane.sealed).putInt(place.index).putInt(place.record).putLong(sequence);
    byte[] aad = associated(place);
    return PLACE_BYTES + sealer.seal(lane.plain, 0, length, aad, lane.sealed, PLACE_BYTES);
  }

  /**
   * Authenticates all tensors' records and brings each to its place once it is authentic. Where one
   * is not, all tensors are 0 afterwards.
   */
  void read(ReadTx tx, List<Extent> extents, SecretBytes key) {
    for (int i = 0; i < tensors.size(); i++) {
      long bytes = extents.get(i).bytes();
      long expected = sealedBytes(tensors.get(i));
      if (bytes != expected) {
        throw new MirrorException.Tampered(
            "model.pm: tensor " + tensors.get(i).name(),
            "its extent has %d bytes instead of %d".formatted(bytes, expected));
      }
    }
    try {
      share(
          (lane, places) -> {
            try (Unsealer mine = new Unsealer(key)) {
              places.forEach(place -> read(tx, extents.get(place.index), lane, place, mine));
            }
          });
    } catch (RuntimeException | Error e) {
      forget();
      throw e;
    }
  }

  /** Sets all tensors to 0. */
  void forget() {
    tensors.forEach(MirroredTensor::forget);
  }

  private void read(ReadTx tx, Extent extent, Lane lane, Place place, Unsealer unsealer) {
    MirroredTensor tensor = tensors.get(place.index);
    int floats = floats(tensor, place);
    unseal(tx, extent, lane, place, 4 * floats, unsealer);
    keepTag(lane, place, 4 * floats + OVERHEAD);
    tensor.copyFrom(lane.plain, place.firstFloat(), floats);
  }

  MirrorHeader readHeader(ReadTx tx, Extent extent, Unsealer unsealer) {
    if (extent.bytes() <= OVERHEAD || extent.bytes() > MirrorHeader.BYTES_MAX + OVERHEAD) {
      throw new MirrorException.Tampered(
          Place.HEADER.toString(), "it cannot have %d bytes".formatted(extent.bytes()));
    }
    int length = (int) extent.bytes() - OVERHEAD;
    Lane lane = staging.lane(0);
    unseal(tx, extent, lane, Place.HEADER, length, unsealer);
    headerTag = lane.tag(length + OVERHEAD);
    return MirrorHeader.decode(lane.plain, length);
  }

  private void unseal(
      ReadTx tx, Extent extent, Lane lane, Place place, int length, Unsealer unsealer) {
    tx.readExtent(extent, place.offset(), lane.sealed, 0, length + OVERHEAD);
    ByteBuffer found = ByteBuffer.wrap(lane.sealed);
    int foundIndex = found.getInt();
    int foundRecord = found.getInt();
    long foundSequence = found.getLong();
    if (foundSequence != sequence) {
      throw new MirrorException.Tampered(
          place.toString(),
          "it is of mirror %d, and this is mirror %d: an older or foreign record was put here"
              .formatted(foundSequence, sequence));
    }
    if (foundIndex != place.index || foundRecord != place.record) {
      throw new MirrorException.Tampered(
          place.toString(),
          "here lies record %d of tensor number %d instead of record %d of number %d: records were exchanged"
              .formatted(foundRecord + 1, foundIndex, place.record + 1, place.index));
    }
    int sealed = length + Sealer.OVERHEAD;
    try {
      unsealer.unseal(lane.sealed, PLACE_BYTES, sealed, associated(place), lane.plain, 0);
    } catch (SealException.NotAuthentic e) {
      throw new MirrorException.Tampered(
          place.toString(), "its seal does not fit (at least one bit of it was changed)");
    }
  }

  private static int floats(MirroredTensor tensor, Place place) {
    return Math.min(FLOATS_MAX, tensor.count() - place.firstFloat());
  }

  private void keepTag(Lane lane, Place place, int bytes) {
    System.arraycopy(lane.sealed, bytes - TAG_BYTES, tags, TAG_BYTES * place.number, TAG_BYTES);
  }

  /** Over (tensor, record, tag) of all tensors' records, in order. */
  byte[] digest() {
    MessageDigest digest = Digests.sha256();
    for (int i = 0; i < firstRecords[tensors.size()]; i++) {
      update(digest, place(i), tags, TAG_BYTES * i);
    }
    return digest.digest();
  }

  /** The same of the header's record. */
  byte[] headerDigest() {
    MessageDigest digest = Digests.sha256();
    update(digest, Place.HEADER, headerTag, 0);
    return digest.digest();
  }

  private static void update(MessageDigest digest, Place place, byte[] tags, int at) {
    digest.update(ByteBuffer.allocate(8).putInt(place.index).putInt(place.record).flip());
    digest.update(tags, at, TAG_BYTES);
  }

  /**
   * Format, job, epoch, sequence; tensor's index, name, shape, type; index and count of records.
   */
  private byte[] associated(Place place) {
    byte[] name = place.name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer aad = ByteBuffer.allocate(59 + name.length + 4 * place.shape.length);
    aad.putInt(MirrorHeader.FORMAT).put(job.bytes()).putLong(epoch).putLong(sequence);
    aad.putInt(place.index).putInt(name.length).put(name).putInt(place.shape.length);
    Arrays.stream(place.shape).forEach(aad::putInt);
    aad.put(TYPE).putInt(place.record).putInt(place.records);
    return aad.array();
  }

  static List<Integer> shapeOf(MirroredTensor tensor) {
    return Arrays.stream(tensor.shape()).boxed().toList();
  }
}
