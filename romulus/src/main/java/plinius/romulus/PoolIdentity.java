package plinius.romulus;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Whose pool it is, in plain, so that a wrong key is told apart from a damaged pool. 16 bytes each.
 *
 * @param keyId name of the owner's key
 * @param jobId name of the job
 */
@SuppressWarnings("ArrayRecordComponent") // copied on the way in and out
public record PoolIdentity(byte[] keyId, byte[] jobId) {
  /** Length of either name. */
  public static final int ID_BYTES = 16;

  public PoolIdentity {
    if (keyId.length != ID_BYTES || jobId.length != ID_BYTES) {
      throw new IllegalArgumentException(
          "key id and job id have %d bytes each, not %d and %d"
              .formatted(ID_BYTES, keyId.length, jobId.length));
    }
    keyId = keyId.clone();
    jobId = jobId.clone();
  }

  @Override
  public byte[] keyId() {
    return keyId.clone();
  }

  @Override
  public byte[] jobId() {
    return jobId.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PoolIdentity that
        && Arrays.equals(keyId, that.keyId)
        && Arrays.equals(jobId, that.jobId);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(keyId) + Arrays.hashCode(jobId);
  }

  @Override
  public String toString() {
    return "key " + HexFormat.of().formatHex(keyId) + ", job " + HexFormat.of().formatHex(jobId);
  }
}
