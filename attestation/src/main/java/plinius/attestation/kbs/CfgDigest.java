package plinius.attestation.kbs;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import plinius.attestation.Hex;
import plinius.seal.Digests;

/**
 * SHA-256 of a canonical .cfg with its overrides: which network a job is for.
 *
 * @param hex 32 bytes as 64 lower-case hexadecimal digits
 */
public record CfgDigest(String hex) {
  /** Length in bytes. */
  public static final int BYTES = 32;

  public CfgDigest {
    Hex.requireBytes("the digest of the .cfg", hex, BYTES);
  }

  /** Of a canonical .cfg, which is hashed as UTF-8. */
  public static CfgDigest ofCanonical(String canonicalCfg) {
    byte[] digest = Digests.sha256().digest(canonicalCfg.getBytes(StandardCharsets.UTF_8));
    return new CfgDigest(HexFormat.of().formatHex(digest));
  }

  /** A copy of its 32 bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
