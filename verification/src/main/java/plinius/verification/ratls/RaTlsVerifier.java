package plinius.verification.ratls;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.verification.evidence.Cbor;
import plinius.verification.evidence.CborFields;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Der;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;
import plinius.verification.intel.IntelVerifier;

/**
 * Verifies certificates of interoperable RA-TLS (CCC Attestation SIG): the extension 2.23.133.5.4.9
 * holds CBOR {@code 60000([quote, claims])}; the quote's report data is the SHA-256 of the claims,
 * whose {@code pubkey-hash} is that of the certificate's key.
 *
 * <p>The certificate's own dates and signature are not looked at: it is self-signed, and who holds
 * its key is shown by the quote. Without a nonce among the claims nothing shows freshness.
 */
public final class RaTlsVerifier {
  private static final String EXTENSION = "2.23.133.5.4.9";
  private static final String EVIDENCE = "RA-TLS evidence";
  private static final long TAG_INTEL_QUOTE = 60000;
  // IANA named information hash algorithms.
  private static final Map<Long, String> DIGESTS =
      Map.of(1L, "SHA-256", 7L, "SHA-384", 8L, "SHA-512");

  private final IntelVerifier intel;

  public RaTlsVerifier(IntelVerifier intel) {
    this.intel = intel;
  }

  /** Verifies the evidence in a certificate; the checks that hold go to {@code findings}. */
  public Claims verify(
      X509Certificate certificate, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    byte[] extension = certificate.getExtensionValue(EXTENSION);
    if (extension == null) {
      throw new Refuted("RA-TLS certificate", "without the extension " + EXTENSION, "one with it");
    }
    Object value = Cbor.parse(EVIDENCE, Der.unwrapped(EVIDENCE, extension));
    if (!(value instanceof Cbor.Tagged(long tag, Object tagged))
        || tag != TAG_INTEL_QUOTE
        || !(tagged instanceof List<?> parts)
        || parts.size() != 2
        || !(parts.get(0) instanceof byte[] quote)
        || !(parts.get(1) instanceof byte[] claimBytes)) {
      throw new Refuted(EVIDENCE, "of another form", "60000([quote, claims])");
    }
    CborFields claims = new CborFields("RA-TLS claims", Cbor.parse("RA-TLS claims", claimBytes));
    requireKey(certificate, claims, findings);
    Claims quoted = intel.verify(quote, endorsements, at, findings);
    findings.requireEqual(
        quoted.bound().map(ReportData::bytes).orElseThrow(),
        Arrays.copyOf(Signatures.sha256(claimBytes), ReportData.BYTES),
        "RA-TLS claims binding",
        "SHA-256 of the claims");
    Optional<byte[]> nonce = claims.optionalBytes("nonce", ReportData.BYTES);
    return nonce.isEmpty()
        ? quoted
        : quoted.with(Map.of("ra-tls-nonce", HexFormat.of().formatHex(nonce.get())));
  }

  private static void requireKey(X509Certificate certificate, CborFields claims, Findings findings)
      throws Refuted {
    Object parsed = Cbor.parse("pubkey-hash", claims.bytes("pubkey-hash"));
    if (!(parsed instanceof List<?> pair)
        || pair.size() != 2
        || !(pair.get(0) instanceof Long algorithm)
        || !DIGESTS.containsKey(algorithm)
        || !(pair.get(1) instanceof byte[] hash)) {
      throw new Refuted("pubkey-hash", "of another form", "[1, 7 or 8, digest]");
    }
    findings.requireEqual(
        Signatures.digest(DIGESTS.get(algorithm), certificate.getPublicKey().getEncoded()),
        hash,
        "pubkey-hash",
        "of the certificate's key");
  }
}
