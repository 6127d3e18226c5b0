package plinius.attestation;

import java.util.HexFormat;

/**
 * SHA-384 over the code that runs and the options it runs with: what the owner expects, and what
 * the evidence says.
 *
 * @param hex 48 bytes as 96 lower-case hexadecimal digits
 */
public record Measurement(String hex) {
  /** Length in bytes. */
  public static final int BYTES = 48;

  public Measurement {
    Hex.requireBytes("Measurement", hex, BYTES);
  }

  /** From its bytes. */
  public static Measurement of(byte[] bytes) {
    return new Measurement(HexFormat.of().formatHex(bytes));
  }

  /** A copy of its 48 bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
