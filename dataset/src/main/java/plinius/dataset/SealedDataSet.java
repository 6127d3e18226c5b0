package plinius.dataset;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import plinius.seal.KeyDerivation;
import plinius.seal.RecordSealer;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * Reads a sealed data set. Every byte is authenticated before it is used: header and manifest when
 * it is opened, a record when it is read. Not thread-safe.
 */
public final class SealedDataSet implements AutoCloseable {
  private final String name;
  private final ByteSource source;
  private final DataSetInfo info;
  private final Unsealer unsealer;
  private final byte[] aad;
  private final byte[] sealed;
  private final byte[] plain;

  private SealedDataSet(String name, ByteSource source, DataSetInfo info, SecretBytes recordKey) {
    this.name = name;
    this.source = source;
    this.info = info;
    this.unsealer = new Unsealer(recordKey);
    this.aad = DataLayout.newRecordAad(info);
    this.sealed = new byte[info.recordBytes()];
    this.plain = new byte[DataLayout.plainRecordBytes(info.kind())];
  }

  /**
   * Authenticates header and manifest. The caller keeps the keys and the source, and closes them.
   *
   * @param name for messages: the file
   * @throws DataSetException.WrongKey if the set was sealed under another key
   * @throws DataSetException.Tampered if header, manifest or length are not what was sealed
   */
  public static SealedDataSet open(
      String name, ByteSource source, SecretBytes recordKey, SecretBytes manifestKey) {
    DataSetInfo info = DataSetInfo.readPlain(name, source);
    if (!KeyDerivation.keyId(manifestKey).equals(info.manifestKeyId())) {
      throw new DataSetException.WrongKey(
          ("wrong key for %s: data set %s was sealed under the owner's key %s. Use that key, or"
                  + " seal the data again under yours")
              .formatted(name, info.id(), info.ownerKeyId()));
    }
    byte[] sealed = new byte[DataLayout.MANIFEST_BYTES];
    source.read(DataLayout.HEADER_BYTES, sealed, 0, sealed.length);
    byte[] manifest = new byte[DataLayout.MANIFEST_PLAIN_BYTES];
    try (Unsealer unsealer = new Unsealer(manifestKey)) {
      unsealer.unseal(0, sealed, 0, sealed.length, DataLayout.header(info), manifest, 0);
    } catch (SealException.NotAuthentic e) {
      throw new DataSetException.Tampered(
          name + ": its header or its manifest was altered: not authentic. Seal or copy it again");
    }
    // The same facts twice, bound by the tag: a writer that contradicts itself is not believed.
    if (!MessageDigest.isEqual(manifest, DataLayout.manifest(info))) {
      throw new DataSetException.Tampered(
          name + ": its manifest contradicts its header. Seal it again");
    }
    return new SealedDataSet(name, source, info, recordKey);
  }

  /** What the set is; authenticated. */
  public DataSetInfo info() {
    return info;
  }

  /**
   * Reads one record.
   *
   * @param values receives the sample's values, as the kind of data says
   * @return the label
   * @throws DataSetException.Tampered naming file and record, and what is wrong with it
   */
  public Label read(long index, byte[] values) {
    if (index < 0 || index >= info.records()) {
      throw new IndexOutOfBoundsException(
          "record " + index + " of " + info.records() + " in " + name);
    }
    SampleKind kind = info.kind();
    if (values.length < kind.valueBytes()) {
      throw new IllegalArgumentException(
          "a sample has " + kind.valueBytes() + " bytes, the array " + values.length);
    }
    source.read(DataLayout.RECORDS_OFFSET + index * sealed.length, sealed, 0, sealed.length);
    ByteBuffer head = ByteBuffer.wrap(sealed);
    long claimed = head.getLong();
    long mark = head.getLong();
    if (claimed != index || mark != DataLayout.mark(info.id()) || !opens(index)) {
      throw tampered(index, claimed, mark);
    }
    System.arraycopy(plain, kind.labelBytes(), values, 0, kind.valueBytes());
    try {
      return Label.take(kind, ByteBuffer.wrap(plain));
    } catch (DataSetException.BadInput e) {
      throw new DataSetException.Tampered(
          name + ", record " + index + ": its label is beyond the classes. Seal the data again");
    }
  }

  private boolean opens(long index) {
    long piece = index * DataLayout.pieces(info.kind());
    int at = DataLayout.RECORD_HEAD_BYTES;
    try {
      for (int to = 0; to < plain.length; to += DataLayout.PIECE_BYTES) {
        DataLayout.putIndex(aad, piece);
        int length = Math.min(DataLayout.PIECE_BYTES, plain.length - to) + RecordSealer.OVERHEAD;
        unsealer.unseal(piece, sealed, at, length, aad, plain, to);
        at += length;
        piece++;
      }
      return true;
    } catch (SealException.NotAuthentic e) {
      return false;
    }
  }

  /** Says what happened to a record that was refused; what the plain head claims is only a hint. */
  private DataSetException.Tampered tampered(long index, long claimed, long mark) {
    String what;
    if (mark != DataLayout.mark(info.id())) {
      what =
          opens(index) ? "the mark of its data set was altered" : "it belongs to another data set";
    } else if (claimed == index) {
      what = "not authentic: it was altered";
    } else if (claimed >= 0 && claimed < info.records() && opens(claimed)) {
      what = "record " + claimed + " stands in its place";
    } else if (opens(index)) {
      what = "its plain index was altered";
    } else {
      what = "not authentic, and its plain index is another record's: it was altered";
    }
    Arrays.fill(plain, (byte) 0);
    return new DataSetException.Tampered(
        name + ", record " + index + ": " + what + ". Copy the sealed file again");
  }

  /** Wipes the key copy and the last plaintext; the source stays open. */
  @Override
  public void close() {
    unsealer.close();
    Arrays.fill(plain, (byte) 0);
  }
}
