package plinius.attestation;

import java.util.HexFormat;

/**
 * What evidence is bound to: 64 bytes that the asking side chose the content of, see {@link
 * plinius.attestation.kbs.RuntimeData}.
 *
 * @param hex 64 bytes as 128 lower-case hexadecimal digits
 */
public record ReportData(String hex) {
  /** Length in bytes. */
  public static final int BYTES = 64;

  public ReportData {
    Hex.requireBytes("ReportData", hex, BYTES);
  }

  /** From its bytes. */
  public static ReportData of(byte[] bytes) {
    return new ReportData(HexFormat.of().formatHex(bytes));
  }

  /** A copy of its 64 bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
