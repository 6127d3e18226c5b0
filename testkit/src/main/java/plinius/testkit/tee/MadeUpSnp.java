package plinius.testkit.tee;

import static plinius.testkit.tee.CertificateMaker.der;
import static plinius.testkit.tee.CertificateMaker.number;
import static plinius.testkit.tee.CertificateMaker.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import plinius.testkit.tee.CertificateMaker.Identity;

/** An SEV-SNP platform on Turin with its root, its intermediate, and its chip's certificate. */
public final class MadeUpSnp {
  /** Within the validity of everything. */
  public static final Instant AT = Instant.parse("2026-01-31T00:00:00Z");

  /** Arc of AMD's certificate extensions. */
  public static final String ARC = "1.3.6.1.4.1.3704.1.";

  /** CPUID family of Turin. */
  public static final int TURIN_FAMILY = 0x1a;

  private static final byte[] CHIP = {1, 2, 3, 4, 5, 6, 7, 8};
  private static final int REPORT_BYTES = 1184;
  private static final int SIGNED_BYTES = 0x2a0;

  /** The root that a verifier has to trust. */
  public final Identity root = CertificateMaker.root("ARK-Turin");

  /** Certifies chips. */
  public final Identity ask = CertificateMaker.authority("SEV-Turin", root);

  /** The chip's key. */
  public final Identity vcek =
      CertificateMaker.leaf("SEV-VCEK", "secp384r1", ask, extensions("Turin", chip()));

  /** Nobody has to trust it before {@link #root} is trusted. */
  public MadeUpSnp() {}

  /** The chip's short id. */
  public static byte[] chip() {
    return CHIP.clone();
  }

  /** The files of a folder of endorsements for this chip. */
  public Map<String, byte[]> endorsements() {
    return Map.of(
        "vcek.der", CertificateMaker.encoded(vcek.certificate()),
        "ask.pem", CertificateMaker.pem(ask.certificate()));
  }

  /** The extensions of a chip's certificate. */
  public static Map<String, byte[]> extensions(String product, byte[] chip) {
    Map<String, byte[]> extensions = new HashMap<>();
    extensions.put(ARC + "2", text(product));
    extensions.put(ARC + "3.9", number(1));
    extensions.put(ARC + "3.1", number(2));
    extensions.put(ARC + "3.2", number(3));
    extensions.put(ARC + "3.3", number(4));
    extensions.put(ARC + "3.8", number(200));
    extensions.put(ARC + "4", chip.length == 64 ? der(4, chip) : chip);
    return extensions;
  }

  /** A report without its signature: of a guest that may not be debugged, VMPL 0. */
  public static byte[] report(int version, int family) {
    ByteBuffer report = ByteBuffer.allocate(REPORT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, version).putLong(8, 0x30000).putInt(0x34, 1);
    report.put(0x180, new byte[] {1, 2, 3, 4, 0, 0, 0, (byte) 200});
    report.put(0x188, (byte) family).put(0x189, (byte) 0x02);
    report.put(0x1a0, CHIP);
    return report.array();
  }

  /** The chip's report of this code (48 bytes), bound to 64 bytes, both in hexadecimal. */
  public byte[] report(String measurement, String reportData) {
    ByteBuffer report = ByteBuffer.wrap(report(5, TURIN_FAMILY));
    report.put(0x50, HexFormat.of().parseHex(reportData));
    report.put(0x90, HexFormat.of().parseHex(measurement));
    return signed(report.array(), vcek);
  }

  /** A report with the signature of a key. */
  public static byte[] signed(byte[] unsigned, Identity key) {
    byte[] report = unsigned.clone();
    byte[] signature =
        CertificateMaker.sign(
            "SHA384withECDSAinP1363Format",
            key.keys().getPrivate(),
            Arrays.copyOf(report, SIGNED_BYTES));
    for (int i = 0; i < 48; i++) {
      report[SIGNED_BYTES + i] = signature[47 - i];
      report[SIGNED_BYTES + 72 + i] = signature[95 - i];
    }
    return report;
  }
}
