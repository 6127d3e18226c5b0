package plinius.verification.azure;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import plinius.attestation.TeeKind;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;

/**
 * What Azure's paravisor keeps in the virtual TPM (NV index 0x01400001): 32 bytes of header that
 * begin with HCLA, the hardware report in 1184 bytes, five u32 (size, version, kind of report, kind
 * of hash, length of the claims), and claims in JSON. The hardware report holds the claims' hash.
 */
public final class HclReport {
  private static final byte[] MAGIC = "HCLA".getBytes(StandardCharsets.US_ASCII);
  private static final int HARDWARE_AT = 32;
  private static final int HARDWARE_BYTES = 1184;
  private static final int DATA_AT = HARDWARE_AT + HARDWARE_BYTES;
  private static final int CLAIMS_AT = DATA_AT + 20;
  private static final int SNP = 2;
  private static final int TDX = 4;
  private static final int SHA256 = 1;
  private static final String KEY_NAME = "HCLAkPub";

  private final TeeKind hardware;
  private final byte[] report;
  private final byte[] claims;

  private HclReport(TeeKind hardware, byte[] report, byte[] claims) {
    this.hardware = hardware;
    this.report = report;
    this.claims = claims;
  }

  /** Whether bytes begin as one. */
  public static boolean isOne(byte[] bytes) {
    return Arrays.equals(Arrays.copyOf(bytes, MAGIC.length), MAGIC);
  }

  /** Takes one apart; nothing in it is verified yet. */
  public static HclReport parse(byte[] bytes) throws Refuted {
    ByteView view = ByteView.of("HCL report", bytes);
    if (!Arrays.equals(view.bytes(0, MAGIC.length), MAGIC)) {
      throw new Refuted("HCL report", "without its magic", "HCLA first");
    }
    long kind = view.u32(DATA_AT + 8L);
    if (kind != SNP && kind != TDX) {
      throw new Refuted("HCL report kind", Long.toString(kind), "2 (SNP) or 4 (TDX)");
    }
    long hash = view.u32(DATA_AT + 12L);
    if (hash != SHA256) {
      throw new Refuted("HCL hash kind", Long.toString(hash), "1 (SHA-256)");
    }
    return new HclReport(
        kind == SNP ? TeeKind.SNP : TeeKind.TDX,
        view.bytes(HARDWARE_AT, HARDWARE_BYTES),
        view.bytes(CLAIMS_AT, view.u32(DATA_AT + 16L)));
  }

  /** Whose report it is. */
  TeeKind hardware() {
    return hardware;
  }

  /** The SNP report; for TDX a local report, from which the platform made a quote. */
  byte[] report() {
    return report.clone();
  }

  /** What the hardware's report data begins with: SHA-256 of the claims. */
  public byte[] claimsDigest() {
    return Signatures.sha256(claims);
  }

  /** The public key with which the virtual TPM attests. */
  PublicKey attestationKey() throws Refuted {
    try {
      for (Object each : Members.list(Json.parseObject(claims), "keys")) {
        Map<String, Object> key = Json.asObject(each, "a key");
        if (Json.string(key, "kid").equals(KEY_NAME)) {
          return KeyFactory.getInstance("RSA")
              .generatePublic(new RSAPublicKeySpec(number(key, "n"), number(key, "e")));
        }
      }
    } catch (SealException | IllegalArgumentException | GeneralSecurityException e) {
      throw new Refuted("HCL claims", "not readable", "JSON with an RSA key " + KEY_NAME);
    }
    throw new Refuted("HCL claims", "without " + KEY_NAME, "the virtual TPM's attestation key");
  }

  private static BigInteger number(Map<String, Object> key, String name) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(Json.string(key, name)));
  }
}
