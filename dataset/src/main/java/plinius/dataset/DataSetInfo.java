package plinius.dataset;

import plinius.seal.Id128;

/**
 * What the plain header of a sealed data set says. Read by {@link #readPlain} it is not
 * authenticated: anyone may have written it; from {@link SealedDataSet#info} it is.
 *
 * @param id drawn when the set was sealed
 * @param ownerKeyId the key under which it was sealed
 * @param manifestKeyId names the key of the manifest, so that a wrong one is told from damage
 */
public record DataSetInfo(
    Id128 id, Id128 ownerKeyId, Id128 manifestKeyId, SampleKind kind, long records) {
  public DataSetInfo {
    if (records < 1 || records > DataLayout.RECORDS_MAX) {
      throw new DataSetException.BadInput(
          "a data set has 1 to " + DataLayout.RECORDS_MAX + " records, got " + records);
    }
  }

  /** Bytes from one sealed record to the next. */
  public int recordBytes() {
    return DataLayout.stride(kind);
  }

  /** Bytes of the whole sealed file. */
  public long fileBytes() {
    return DataLayout.RECORDS_OFFSET + records * recordBytes();
  }

  /**
   * Reads the plain header without any key.
   *
   * @param name for messages
   */
  public static DataSetInfo readPlain(String name, ByteSource source) {
    if (source.bytes() < DataLayout.HEADER_BYTES) {
      throw new DataSetException.NotADataSet(
          name,
          "it has %d bytes, fewer than the %d of a header"
              .formatted(source.bytes(), DataLayout.HEADER_BYTES));
    }
    byte[] header = new byte[DataLayout.HEADER_BYTES];
    source.read(0, header, 0, header.length);
    return DataLayout.readHeader(name, header, source.bytes());
  }
}
