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
import java.util.List;
import plinius.romulus.Extent;
import plinius.romulus.ReadTx;
import plinius.romulus.Tx;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.Sealer;
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

  private final Id128 job;
  private final long epoch;
  private final long sequence;
  private final byte[] plain = new byte[PLAIN_BYTES_MAX];
  private final byte[] sealed = new byte[PLAIN_BYTES_MAX + OVERHEAD];
  private final MessageDigest tags;

  SealedRecords(Id128 job, long epoch, long sequence) {
    this.job = job;
    this.epoch = epoch;
    this.sequence = sequence;
    try {
      this.tags = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static int count(long plainBytes) {
    return Math.toIntExact((plainBytes + PLAIN_BYTES_MAX - 1) / PLAIN_BYTES_MAX);
  }

  static long sealedBytes(long plainBytes) {
    return plainBytes + (long) count(plainBytes) * OVERHEAD;
  }

  void write(Tx tx, Extent extent, int index, MirroredTensor tensor, Sealer sealer) {
    int records = count(4L * tensor.count());
    MemorySegment values = MemorySegment.ofArray(tensor.block());
    long at = 0;
    for (int record = 0; record < records; record++) {
      int first = record * (PLAIN_BYTES_MAX / 4);
      int floats = Math.min(PLAIN_BYTES_MAX / 4, tensor.count() - first);
      MemorySegment.copy(
          values,
          ValueLayout.JAVA_FLOAT,
          4L * (tensor.offset() + first),
          MemorySegment.ofArray(plain),
          FLOAT,
          0,
          floats);
      byte[] place = associated(index, tensor.name(), tensor.shape(), record, records);
      at += write(tx, extent, at, index, record, 4 * floats, place, sealer);
    }
  }

  void writeHeader(Tx tx, Extent extent, byte[] header, Sealer sealer) {
    System.arraycopy(header, 0, plain, 0, header.length);
    write(tx, extent, 0, HEADER, 0, header.length, associatedHeader(), sealer);
  }

  private int write(
      Tx tx,
      Extent extent,
      long at,
      int index,
      int record,
      int length,
      byte[] place,
      Sealer sealer) {
    INT.set(sealed, 0, index);
    INT.set(sealed, 4, record);
    LONG.set(sealed, 8, sequence);
    int bytes = PLACE_BYTES + sealer.seal(plain, 0, length, place, sealed, PLACE_BYTES);
    digestTag(index, record, bytes);
    tx.writeExtent(extent, at, sealed, 0, bytes);
    return bytes;
  }

  /** Authenticates a tensor and gives its values; nothing of the network is touched. */
  float[] read(ReadTx tx, Extent extent, int index, MirroredTensor tensor, Unsealer unsealer) {
    int records = count(4L * tensor.count());
    String where = "model.pm: tensor " + tensor.name();
    if (extent.bytes() != sealedBytes(4L * tensor.count())) {
      throw new MirrorException.Tampered(
          where,
          "its extent has %d bytes instead of %d"
              .formatted(extent.bytes(), sealedBytes(4L * tensor.count())));
    }
    float[] values = new float[tensor.count()];
    long at = 0;
    for (int record = 0; record < records; record++) {
      int first = record * (PLAIN_BYTES_MAX / 4);
      int floats = Math.min(PLAIN_BYTES_MAX / 4, tensor.count() - first);
      byte[] place = associated(index, tensor.name(), tensor.shape(), record, records);
      String part = where + ", record " + (record + 1) + " of " + records;
      read(tx, extent, at, part, index, record, 4 * floats, place, unsealer);
      MemorySegment.copy(
          MemorySegment.ofArray(plain),
          FLOAT,
          0,
          MemorySegment.ofArray(values),
          ValueLayout.JAVA_FLOAT,
          4L * first,
          floats);
      at += 4L * floats + OVERHEAD;
    }
    return values;
  }

  MirrorHeader readHeader(ReadTx tx, Extent extent, Unsealer unsealer) {
    if (extent.bytes() <= OVERHEAD || extent.bytes() > MirrorHeader.BYTES_MAX + OVERHEAD) {
      throw new MirrorException.Tampered(
          "model.pm: mirror header", "it cannot have %d bytes".formatted(extent.bytes()));
    }
    int length = (int) extent.bytes() - OVERHEAD;
    read(tx, extent, 0, "model.pm: mirror header", HEADER, 0, length, associatedHeader(), unsealer);
    return MirrorHeader.decode(plain, length);
  }

  private void read(
      ReadTx tx,
      Extent extent,
      long at,
      String where,
      int index,
      int record,
      int length,
      byte[] place,
      Unsealer unsealer) {
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
      unsealer.unseal(sealed, PLACE_BYTES, bytes - PLACE_BYTES, place, plain, 0);
    } catch (SealException.NotAuthentic e) {
      throw new MirrorException.Tampered(
          where, "its seal does not fit (at least one bit of it was changed)");
    }
    digestTag(index, record, bytes);
  }

  /** The digest over all (tensor, record, tag) so far; goes on. */
  byte[] digest() {
    try {
      return ((MessageDigest) tags.clone()).digest();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Plaintext does not stay in the staging buffer. */
  void wipe() {
    java.util.Arrays.fill(plain, (byte) 0);
  }

  private void digestTag(int index, int record, int bytes) {
    byte[] place = new byte[8];
    INT.set(place, 0, index);
    INT.set(place, 4, record);
    tags.update(place);
    tags.update(sealed, bytes - TAG_BYTES, TAG_BYTES);
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
    return java.util.Arrays.stream(tensor.shape()).boxed().toList();
  }
}
