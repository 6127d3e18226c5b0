package plinius.dataset;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.zip.CRC32C;
import plinius.seal.Id128;
import plinius.seal.RecordSealer;

/**
 * Where each byte of a sealed data set lies; all numbers big-endian. docs/design/sealed-data.md
 * says why.
 *
 * <pre>
 * file      header (128) | sealed manifest (128) | records (count x stride)
 *
 * header    0 magic PLNDATA1   8 version u32      12 header bytes u32   16 data set id (16)
 *          32 owner key id (16)                   48 manifest key id (16)
 *          64 records u64      72 stride u32      76 manifest bytes u32  80 height u32
 *          84 width u32        88 channels u32    92 classes u32         96 file bytes u64
 *         104 data kind u32   108 slots u32      112 zeros (12)         124 CRC-32C of 0 to 123
 *
 * manifest  0 magic PLNMANI1   8 version u32      12 data kind u32      16 data set id (16)
 *          32 owner key id (16)                   48 records u64        56 plain record bytes u32
 *          60 height u32      64 width u32        68 channels u32       72 classes u32
 *          76 element bytes u32                   80 slots u32          84 label bytes u32
 *          88 zeros (24)                                                then the tag (16)
 *
 * record    0 index u64        8 mark of the set (8)  16 pieces: at most 256 KiB each, then its tag
 *           plaintext: label, values
 * </pre>
 */
public final class DataLayout {
  static final long MAGIC = 0x504c4e4441544131L; // PLNDATA1
  static final long MANIFEST_MAGIC = 0x504c4e4d414e4931L; // PLNMANI1
  public static final int VERSION = 2;
  public static final int HEADER_BYTES = 128;
  public static final int MANIFEST_PLAIN_BYTES = 112;
  public static final int MANIFEST_BYTES = MANIFEST_PLAIN_BYTES + RecordSealer.OVERHEAD;
  public static final int RECORDS_OFFSET = HEADER_BYTES + MANIFEST_BYTES;
  public static final int RECORD_HEAD_BYTES = 16;
  public static final int PIECE_BYTES = 256 * 1024;
  public static final long RECORDS_MAX = 1L << 32;

  private static final int CRC_OFFSET = HEADER_BYTES - 4;
  private static final byte[] AAD_MAGIC = "PLNREC01".getBytes(StandardCharsets.US_ASCII);

  private DataLayout() {}

  public static int plainRecordBytes(SampleKind kind) {
    return kind.labelBytes() + kind.valueBytes();
  }

  /** Sealed pieces of a record: AES-GCM is as fast as it can be up to this length. */
  static int pieces(SampleKind kind) {
    return Math.ceilDiv(plainRecordBytes(kind), PIECE_BYTES);
  }

  static int stride(SampleKind kind) {
    return RECORD_HEAD_BYTES + plainRecordBytes(kind) + pieces(kind) * RecordSealer.OVERHEAD;
  }

  public static byte[] header(DataSetInfo info) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putLong(MAGIC).putInt(VERSION).putInt(HEADER_BYTES);
    header.put(info.id().bytes()).put(info.ownerKeyId().bytes()).put(info.manifestKeyId().bytes());
    header.putLong(info.records()).putInt(info.recordBytes()).putInt(MANIFEST_BYTES);
    SampleKind kind = info.kind();
    header.putInt(kind.height()).putInt(kind.width());
    header.putInt(kind.channels()).putInt(kind.classes());
    header.putLong(info.fileBytes()).putInt(kind.data().code()).putInt(kind.slots());
    header.putInt(CRC_OFFSET, crc(header.array()));
    return header.array();
  }

  /** Damage is found here without a key; deceit by the manifest, which binds the whole header. */
  public static int crc(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, CRC_OFFSET);
    return (int) crc.getValue();
  }

  static DataSetInfo readHeader(String name, byte[] bytes, long fileBytes) {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    if (header.getLong() != MAGIC) {
      throw new DataSetException.NotADataSet(
          name, "it does not start with PLNDATA1, so it is no sealed data set");
    }
    if (header.getInt(CRC_OFFSET) != crc(bytes)) {
      throw new DataSetException.Tampered(
          name + ": its header was altered (the checksum does not fit). Seal or copy it again");
    }
    int version = header.getInt();
    if (version != VERSION) {
      throw new DataSetException.NotADataSet(
          name, "its format version is " + version + ", this Plinius reads " + VERSION);
    }
    DataSetInfo info;
    try {
      SampleKind kind =
          new SampleKind(
              DataKind.ofCode(header.getInt(104)),
              header.getInt(80),
              header.getInt(84),
              header.getInt(88),
              header.getInt(92),
              header.getInt(108));
      Id128 ownerKeyId = Id128.of(bytes, 32);
      info =
          new DataSetInfo(
              Id128.of(bytes, 16), ownerKeyId, Id128.of(bytes, 48), kind, header.getLong(64));
    } catch (DataSetException.BadInput e) {
      throw new DataSetException.Tampered(name + ": its header was altered: " + e.getMessage());
    }
    // What else stands there follows from these: a set has one header only.
    if (!MessageDigest.isEqual(bytes, header(info))) {
      throw new DataSetException.Tampered(
          name + ": its header was altered: its sizes contradict each other. Copy it again");
    }
    if (fileBytes != info.fileBytes()) {
      String how = fileBytes < info.fileBytes() ? "truncated" : "extended";
      throw new DataSetException.Tampered(
          "%s was %s: %d bytes, want %d. Copy it again"
              .formatted(name, how, fileBytes, info.fileBytes()));
    }
    return info;
  }

  public static byte[] manifest(DataSetInfo info) {
    ByteBuffer manifest = ByteBuffer.allocate(MANIFEST_PLAIN_BYTES);
    SampleKind kind = info.kind();
    manifest.putLong(MANIFEST_MAGIC).putInt(VERSION).putInt(kind.data().code());
    manifest.put(info.id().bytes()).put(info.ownerKeyId().bytes());
    manifest.putLong(info.records()).putInt(plainRecordBytes(kind));
    manifest.putInt(kind.height()).putInt(kind.width());
    manifest.putInt(kind.channels()).putInt(kind.classes());
    manifest.putInt(kind.data().elementBytes()).putInt(kind.slots()).putInt(kind.labelBytes());
    return manifest.array();
  }

  /** Tells a record of another set from a flipped bit: the first half of the set's id. */
  public static long mark(Id128 dataSet) {
    return dataSet.high();
  }

  public static byte[] newRecordAad(DataSetInfo info) {
    return ByteBuffer.allocate(AAD_MAGIC.length + Id128.BYTES + 2 * Long.BYTES)
        .put(AAD_MAGIC)
        .put(info.id().bytes())
        .putLong(0)
        .putLong(info.records() * pieces(info.kind()))
        .array();
  }

  public static void putIndex(byte[] recordAad, long piece) {
    ByteBuffer.wrap(recordAad).putLong(AAD_MAGIC.length + Id128.BYTES, piece);
  }
}
