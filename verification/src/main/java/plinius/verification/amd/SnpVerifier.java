package plinius.verification.amd;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Chains;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;
import plinius.verification.evidence.TrustAnchors;

/**
 * Verifies SEV-SNP reports: signed by a key of this chip at this firmware version (VCEK) or of this
 * cloud provider (VLEK), which AMD certified through ASK or ASVK. A revocation list of AMD's is
 * obeyed where the endorsements have one.
 */
public final class SnpVerifier {
  /** Length of a report in bytes. */
  public static final int REPORT_BYTES = SnpReport.BYTES;

  private static final String KEY_SERVER = "https://kdsintf.amd.com/vcek/v1/";

  private final List<X509Certificate> roots;

  public SnpVerifier(List<X509Certificate> roots) {
    this.roots = List.copyOf(roots);
  }

  /** Verifies a report at an instant; the checks that hold go to {@code findings}. */
  public Claims verify(byte[] bytes, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    SnpReport report = new SnpReport(bytes);
    findings.passed("SNP report layout");
    VekCertificate vek = signer(report, endorsements);
    findings.passed("SNP report signature");
    verifyKey(vek, endorsements, at);
    findings.passed("VEK chain");
    requireSamePlatform(report, vek, findings);
    Map<String, Object> values = report.claims(vek.product());
    return new Claims(
        TeeKind.SNP,
        (String) values.get("measurement"),
        Optional.of(ReportData.of(report.reportData())),
        vek.owner(),
        values);
  }

  /** Refutes a key that AMD did not certify for its product. */
  public void verifyKey(VekCertificate vek, Endorsements endorsements, Instant at) throws Refuted {
    Chains chains = new Chains(roots, endorsements.with(TrustAnchors.amdIntermediates()), at);
    chains.validate("VEK chain", vek.certificate(), Chains.Revocation.WHERE_LISTED);
    // The issuers are one a product and kind: SEV-Milan certifies Milan's chips alone.
    String issuer = Certificates.issuerName(vek.certificate());
    boolean sameProduct = Product.ofName(issuer).equals(Optional.of(vek.product()));
    if (!sameProduct || issuer.contains("VLEK") != vek.isVlek()) {
      throw new Refuted("VEK issuer", issuer, "that of keys of " + vek.owner());
    }
  }

  private static VekCertificate signer(SnpReport report, Endorsements endorsements) throws Refuted {
    List<X509Certificate> keys =
        endorsements.certificates().stream().filter(VekCertificate::isOne).toList();
    if (keys.isEmpty()) {
      throw new Refuted("VEK certificate", "missing", "the one " + source(report));
    }
    byte[] signed = report.signed();
    byte[] signature = report.signature();
    Optional<X509Certificate> signer =
        keys.stream()
            .filter(
                each ->
                    Signatures.verifies(Signatures.ES384, each.getPublicKey(), signed, signature))
            .findFirst();
    if (signer.isEmpty()) {
      throw new Refuted(
          "SNP report signature",
          "not that of a certificate that is here",
          "that of a VCEK or VLEK (ES384), to be had " + source(report));
    }
    return new VekCertificate(signer.get());
  }

  // Where the owner gets the certificate: it stands in the message, nothing here uses the network.
  private static String source(SnpReport report) throws Refuted {
    if (report.signingKey() != SnpReport.VCEK) {
      return "from the cloud provider";
    }
    Product product = report.product().orElse(Product.MILAN);
    int idBytes = product == Product.TURIN ? 8 : 64;
    return "at "
        + KEY_SERVER
        + product.word()
        + "/"
        + HexFormat.of().formatHex(report.chipId(), 0, idBytes)
        + "?"
        + report.reportedTcb(product).query();
  }

  private static void requireSamePlatform(SnpReport report, VekCertificate vek, Findings findings)
      throws Refuted {
    int key = report.signingKey();
    findings.require(
        key == (vek.isVlek() ? SnpReport.VLEK : SnpReport.VCEK),
        "signing key",
        key + " in the report",
        vek.isVlek() ? "1, for it is a VLEK" : "0, for it is a VCEK");
    Optional<Product> product = report.product();
    findings.require(
        product.isEmpty() || product.get() == vek.product(),
        "product",
        product.map(Product::word).orElse("unknown") + " by its CPUID",
        vek.product().word() + " by its certificate");
    TcbVersion reported = report.reportedTcb(vek.product());
    findings.require(
        reported.equals(vek.tcb()), "reported TCB", reported.toString(), vek.tcb().toString());
    if (!vek.isVlek()) {
      // A machine's owner may mask the id in reports; then the certificate alone names the chip.
      byte[] chip = report.chipId();
      boolean masked = Arrays.equals(chip, new byte[chip.length]);
      findings.require(
          masked || vek.isOf(chip),
          "chip id",
          HexFormat.of().formatHex(chip),
          "that of the certificate");
    }
  }
}
