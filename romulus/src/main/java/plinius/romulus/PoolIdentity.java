package plinius.romulus;

import java.util.regex.Pattern;

/**
 * Whose pool it is, in plain, so that a wrong key is told apart from a damaged pool. 16 bytes each,
 * as 32 lower-case hexadecimal digits.
 *
 * @param keyId name of the owner's key
 * @param jobId name of the job
 */
public record PoolIdentity(String keyId, String jobId) {
  private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{32} [0-9a-f]{32}");

  /** Of a pool that is nobody's. */
  public static final PoolIdentity NOBODY = new PoolIdentity("0".repeat(32), "0".repeat(32));

  public PoolIdentity {
    if (!DIGITS.matcher(keyId + " " + jobId).matches()) {
      throw new IllegalArgumentException(
          "key id and job id have 32 digits 0 to f each, not '%s' and '%s'"
              .formatted(keyId, jobId));
    }
  }
}
