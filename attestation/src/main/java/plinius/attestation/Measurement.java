package plinius.attestation;

import java.util.HexFormat;

/**
 * Digest of the code that runs and the options it runs with: what the owner expects, and what the
 * evidence says. SHA-384, or SHA-256 where the platform measures so (SGX).
 *
 * @param hex 48 or 32 bytes as lower-case hexadecimal digits
 */
public record Measurement(String hex) {
  /** Length in bytes, but of SGX's. */
  public static final int BYTES = 48;

  /** Length in bytes of SGX's. */
  public static final int SGX_BYTES = 32;

  public Measurement {
    Hex.requireBytes("Measurement", hex, hex.length() == 2 * SGX_BYTES ? SGX_BYTES : BYTES);
  }

  /** From its bytes. */
  public static Measurement of(byte[] bytes) {
    return new Measurement(HexFormat.of().formatHex(bytes));
  }

  /** A copy of its bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
