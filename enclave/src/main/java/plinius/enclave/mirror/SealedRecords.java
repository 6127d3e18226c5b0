package plinius.enclave.mirror;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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
 * The records of a mirror, in their order; one object serves for the mirrors of a run. What is the
 * same in all of them is made once, because it is asked for in every iteration.
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
  private static final int SEALED_BYTES_MAX = PLAIN_BYTES_MAX + OVERHEAD;
  private static final int TAG_BYTES = 16;
  private static final int FLOATS_MAX = PLAIN_BYTES_MAX / 4;
  private static final byte[] TYPE = "f32".getBytes(StandardCharsets.US_ASCII);

  /** Plain bytes for which one more thread is worth its waking. */
  private static final long BYTES_PER_THREAD = 1 << 20;

  /** Where the sequence stands in the associated data. */
  private static final int SEQUENCE_AT = 28;

  /** In the list that is digested: tensor, record, tag. */
  private static final int LISTED_BYTES = 8 + TAG_BYTES;

  private final Id128 job;
  private final long epoch;
  private final List<MirroredTensor> tensors;
  private final Workers workers;
  private final Lane[] lanes; // as many as the tensors are worth
  private final Place[] places; // of the tensors' records, in order
  private final Place header;
  private final byte[] list; // of the tensors' records
  private final byte[] listedHeader = new byte[LISTED_BYTES];
  private final MessageDigest sha256 = Digests.sha256();
  private final AtomicInteger next = new AtomicInteger(); // place that nobody has taken yet
  private long sequence;

  /**
   * The records of these tensors in the mirrors of an epoch.
   *
   * @param workers that help
   */
  SealedRecords(Id128 job, long epoch, List<MirroredTensor> tensors, Workers workers) {
    this.job = job;
    this.epoch = epoch;
    this.tensors = tensors;
    this.workers = workers;
    List<Place> all = new ArrayList<>();
    for (int i = 0; i < tensors.size(); i++) {
      MirroredTensor tensor = tensors.get(i);
      int records = count(tensor);
      for (int record = 0; record < records; record++) {
        all.add(place(all.size(), i, tensor.name(), tensor.shape(), record, records));
      }
    }
    places = all.toArray(Place[]::new);
    header = place(0, -1, "header", new int[0], 0, 1);
    list = new byte[LISTED_BYTES * places.length];
    long bytes = tensors.stream().mapToLong(MirroredTensor::bytes).sum();
    lanes = new Lane[Math.clamp(bytes / BYTES_PER_THREAD, 1, workers.threads())];
    Arrays.setAll(lanes, _ -> new Lane(new byte[PLAIN_BYTES_MAX], new byte[SEALED_BYTES_MAX]));
  }

  /** These records, of this mirror from here on. */
  SealedRecords of(long mirror) {
    sequence = mirror;
    return this;
  }

  /** Plaintext does not stay. */
  void wipe() {
    for (Lane lane : lanes) {
      Arrays.fill(lane.plain, (byte) 0);
    }
  }

  /** Where records lie between memory and cipher, for each thread that takes a share of them. */
  @SuppressWarnings("ArrayRecordComponent") // room, which nobody compares
  private record Lane(byte[] plain, byte[] sealed) {}

  /**
   * A record's place in a mirror.
   *
   * @param number among the records of all tensors
   * @param index of its tensor
   * @param record index within the tensor, which has so many {@code records}
   * @param associated data of its seal, whose sequence is that of the mirror which was looked at
   *     last
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares places
  private record Place(
      int number, int index, String name, int record, int records, byte[] associated) {

    int firstFloat() {
      return record * FLOATS_MAX;
    }

    /** Within the extent. */
    long offset() {
      return (long) record * SEALED_BYTES_MAX;
    }

    /** Its associated data in a mirror. */
    byte[] associatedData(long mirror) {
      ByteBuffer.wrap(associated).putLong(SEQUENCE_AT, mirror);
      return associated;
    }

    @Override
    public String toString() {
      return index < 0
          ? "model.pm: mirror header"
          : "model.pm: tensor %s, record %d of %d".formatted(name, record + 1, records);
    }
  }

  /**
   * Its associated data: format, job, epoch, sequence; tensor's index, name, shape, type; index and
   * count of records.
   */
  private Place place(int number, int index, String name, int[] shape, int record, int records) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer aad = ByteBuffer.allocate(59 + utf8.length + 4 * shape.length);
    aad.putInt(MirrorHeader.FORMAT).put(job.bytes()).putLong(epoch).putLong(0);
    aad.putInt(index).putInt(utf8.length).put(utf8).putInt(shape.length);
    Arrays.stream(shape).forEach(aad::putInt);
    aad.put(TYPE).putInt(record).putInt(records);
    return new Place(number, index, name, record, records, aad.array());
  }

  /** What is done with a record, in a lane of so many that is not used by another meanwhile. */
  private interface Task {
    void accept(int lane, Place place);
  }

  /** Runs a task for all records. */
  private void share(Task task) {
    next.set(0);
    workers.run(
        lanes.length,
        lane -> {
          for (int i = next.getAndIncrement(); i < places.length; i = next.getAndIncrement()) {
            task.accept(lane, places[i]);
          }
        });
  }

  /** How many threads share the records: each needs a cipher of its own. */
  int lanes() {
    return lanes.length;
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
  void write(Tx tx, List<Extent> extents, List<Sealer> sealers) {
    share((lane, place) -> write(tx, extents, lanes[lane], place, sealers.get(lane)));
  }

  private void write(Tx tx, List<Extent> extents, Lane lane, Place place, Sealer sealer) {
    MirroredTensor tensor = tensors.get(place.index);
    int floats = floats(tensor, place);
    if (!tensor.finite(place.firstFloat(), floats)) {
      throw new MirrorException.NotFinite(place.name);
    }
    tensor.copyTo(lane.plain, place.firstFloat(), floats);
    int bytes = seal(lane, place, 4 * floats, sealer);
    putOn(list, lane, place, bytes);
    tx.writeExtent(extents.get(place.index), place.offset(), lane.sealed, 0, bytes);
  }

  /** Encodes a header, which is written next; returns its sealed bytes. */
  int encode(MirrorHeader plain, byte[] encodedSubject) {
    return plain.encode(lanes[0].plain, encodedSubject) + OVERHEAD;
  }

  /** Seals the header that was encoded last. */
  void writeHeader(Tx tx, Extent extent, Sealer sealer) {
    Lane lane = lanes[0];
    int bytes = seal(lane, header, Math.toIntExact(extent.bytes()) - OVERHEAD, sealer);
    putOn(listedHeader, lane, header, bytes);
    tx.writeExtent(extent, 0, lane.sealed, 0, bytes);
  }

  private int seal(Lane lane, Place place, int length, Sealer sealer) {
    ByteBuffer.wrap(lane.sealed).putInt(place.index).putInt(place.record).putLong(sequence);
    return PLACE_BYTES
        + sealer.seal(
            lane.plain, 0, length, place.associatedData(sequence), lane.sealed, PLACE_BYTES);
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
    List<Unsealer> unsealers =
        Stream.generate(() -> new Unsealer(key)).limit(lanes.length).toList();
    try {
      share((lane, place) -> read(tx, extents, lanes[lane], place, unsealers.get(lane)));
    } catch (RuntimeException | Error e) {
      forget();
      throw e;
    } finally {
      unsealers.forEach(Unsealer::close);
    }
  }

  /** Sets all tensors to 0. */
  void forget() {
    tensors.forEach(MirroredTensor::forget);
  }

  private void read(ReadTx tx, List<Extent> extents, Lane lane, Place place, Unsealer unsealer) {
    MirroredTensor tensor = tensors.get(place.index);
    int floats = floats(tensor, place);
    unseal(tx, extents.get(place.index), lane, place, 4 * floats, unsealer);
    putOn(list, lane, place, 4 * floats + OVERHEAD);
    tensor.copyFrom(lane.plain, place.firstFloat(), floats);
  }

  MirrorHeader readHeader(ReadTx tx, Extent extent, Unsealer unsealer) {
    if (extent.bytes() <= OVERHEAD || extent.bytes() > MirrorHeader.BYTES_MAX + OVERHEAD) {
      throw new MirrorException.Tampered(
          header.toString(), "it cannot have %d bytes".formatted(extent.bytes()));
    }
    int length = (int) extent.bytes() - OVERHEAD;
    Lane lane = lanes[0];
    unseal(tx, extent, lane, header, length, unsealer);
    putOn(listedHeader, lane, header, length + OVERHEAD);
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
      unsealer.unseal(
          lane.sealed, PLACE_BYTES, sealed, place.associatedData(sequence), lane.plain, 0);
    } catch (SealException.NotAuthentic e) {
      throw new MirrorException.Tampered(
          place.toString(), "its seal does not fit (at least one bit of it was changed)");
    }
  }

  private static int floats(MirroredTensor tensor, Place place) {
    return Math.min(FLOATS_MAX, tensor.count() - place.firstFloat());
  }

  /** Puts a record that was sealed, or is authentic, on a list. */
  private static void putOn(byte[] list, Lane lane, Place place, int bytes) {
    int at = LISTED_BYTES * place.number;
    System.arraycopy(lane.sealed, 0, list, at, 8);
    System.arraycopy(lane.sealed, bytes - TAG_BYTES, list, at + 8, TAG_BYTES);
  }

  /** Over (tensor, record, tag) of all tensors' records, in order. */
  byte[] digest() {
    return sha256.digest(list);
  }

  /** The identity of the mirror: over the digest of its records and that of its header's. */
  byte[] mirrorDigest(MirrorHeader plain) {
    byte[] headerDigest = sha256.digest(listedHeader);
    sha256.update(plain.contents());
    return sha256.digest(headerDigest);
  }

  static List<Integer> shapeOf(MirroredTensor tensor) {
    return Arrays.stream(tensor.shape()).boxed().toList();
  }
}
