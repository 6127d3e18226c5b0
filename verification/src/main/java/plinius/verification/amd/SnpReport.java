package plinius.verification.amd;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/** A report of 1184 bytes (SEV-SNP firmware ABI 56860, ATTESTATION_REPORT), versions 2 to 5. */
final class SnpReport {
  static final int BYTES = 1184;
  static final int SIGNED_BYTES = 0x2a0;
  static final int VCEK = 0;
  static final int VLEK = 1;
  private static final int VERSION_MIN = 2;
  private static final int VERSION_CPUID = 3;
  private static final int VERSION_MITIGATIONS = 5;
  private static final int ECDSA_P384_SHA384 = 1;
  private static final int NUMBER_BYTES = 72;
  private static final int NUMBER_USED_BYTES = 48;

  private final ByteView report;

  SnpReport(byte[] bytes) throws Refuted {
    this.report = ByteView.of("SNP report", bytes);
    if (bytes.length != BYTES) {
      throw new Refuted("SNP report", bytes.length + " bytes", BYTES + " bytes");
    }
    if (version() < VERSION_MIN) {
      throw new Refuted("SNP report version", Long.toString(version()), "2 or later");
    }
    if (report.u32(0x34) != ECDSA_P384_SHA384) {
      throw new Refuted(
          "SNP signature algorithm", Long.toString(report.u32(0x34)), "1 (ECDSA P-384, SHA-384)");
    }
  }

  long version() throws Refuted {
    return report.u32(0);
  }

  /** Which product made it, where the report says so. */
  Optional<Product> product() throws Refuted {
    return version() >= VERSION_CPUID
        ? Product.ofCpuid(report.u8(0x188), report.u8(0x189))
        : Optional.empty();
  }

  int signingKey() throws Refuted {
    return report.u8(0x48) >> 2 & 7;
  }

  TcbVersion reportedTcb(Product product) throws Refuted {
    return TcbVersion.parse(report, 0x180, product);
  }

  /** 64 bytes; all zero where the owner of the machine masks it. */
  byte[] chipId() throws Refuted {
    return report.bytes(0x1a0, 64);
  }

  byte[] reportData() throws Refuted {
    return report.bytes(0x50, 64);
  }

  byte[] signed() throws Refuted {
    return report.bytes(0, SIGNED_BYTES);
  }

  /** R and S as 48 big-endian bytes each; the report has 72 little-endian ones. */
  byte[] signature() throws Refuted {
    byte[] signature = new byte[2 * NUMBER_USED_BYTES];
    for (int i = 0; i < 2 * NUMBER_BYTES; i++) {
      int number = i / NUMBER_BYTES;
      int place = i % NUMBER_BYTES;
      int value = report.u8(SIGNED_BYTES + (long) i);
      if (place < NUMBER_USED_BYTES) {
        signature[(number + 1) * NUMBER_USED_BYTES - 1 - place] = (byte) value;
      } else if (value != 0) {
        throw new Refuted("SNP report signature", "beyond 384 bits", "48 bytes, then zeros");
      }
    }
    return signature;
  }

  Map<String, Object> claims(Product product) throws Refuted {
    long policy = report.u64(8);
    long platform = report.u64(0x40);
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("measurement", report.hex(0x90, 48));
    claims.put("host-data", report.hex(0xc0, 32));
    claims.put("id-key-digest", report.hex(0xe0, 48));
    claims.put("author-key-digest", report.hex(0x110, 48));
    claims.put("family-id", report.hex(0x10, 16));
    claims.put("image-id", report.hex(0x20, 16));
    claims.put("guest-svn", report.u32(4));
    claims.put("vmpl", report.u32(0x30));
    claims.put("guest-policy", "0x" + Long.toHexString(policy));
    claims.put("debug", bit(policy, 19));
    claims.put("migratable", bit(policy, 18));
    claims.put("smt-allowed", bit(policy, 16));
    claims.put("single-socket", bit(policy, 20));
    claims.put("ciphertext-hiding-required", bit(policy, 24));
    claims.put("platform-info", "0x" + Long.toHexString(platform));
    claims.put("smt-enabled", bit(platform, 0));
    claims.put("ecc-enabled", bit(platform, 2));
    claims.put("ciphertext-hiding", bit(platform, 4));
    claims.put("alias-check", bit(platform, 5));
    claims.put("report-version", version());
    claims.put("newer-report", version() > VERSION_MITIGATIONS);
    claims.put("signing-key", signingKey() == VLEK ? "VLEK" : "VCEK");
    claims.put("product", product.word());
    claims.put("reported-tcb", reportedTcb(product).toString());
    claims.put("current-tcb", TcbVersion.parse(report, 0x38, product).toString());
    claims.put("committed-tcb", TcbVersion.parse(report, 0x1e0, product).toString());
    claims.put("launch-tcb", TcbVersion.parse(report, 0x1f0, product).toString());
    if (version() >= VERSION_CPUID) {
      claims.put("cpuid", report.hex(0x188, 3));
    }
    if (version() >= VERSION_MITIGATIONS) {
      claims.put("launch-mitigations", "0x" + Long.toHexString(report.u64(0x1f8)));
      claims.put("current-mitigations", "0x" + Long.toHexString(report.u64(0x200)));
    }
    claims.put("chip-id", report.hex(0x1a0, 64));
    claims.put("report-id", report.hex(0x140, 32));
    claims.put("report-data", report.hex(0x50, 64));
    return claims;
  }

  private static boolean bit(long word, int index) {
    return (word >>> index & 1) != 0;
  }
}
