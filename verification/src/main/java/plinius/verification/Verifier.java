package plinius.verification;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import plinius.attestation.Evidence;
import plinius.attestation.TeeKind;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.amd.SnpReportJson;
import plinius.verification.amd.SnpVerifier;
import plinius.verification.azure.AzureVerifier;
import plinius.verification.azure.HclReport;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.TrustAnchors;
import plinius.verification.intel.IntelVerifier;
import plinius.verification.nitro.NitroVerifier;
import plinius.verification.ratls.RaTlsVerifier;

/**
 * Checks that evidence is genuine, whatever platform it comes from. Roots, endorsements and the
 * instant are the caller's. Never throws for what evidence holds.
 */
public final class Verifier {
  /** Longest evidence that is looked at. */
  public static final int EVIDENCE_BYTES_MAX = 1 << 19;

  private static final int COSE_ARRAY = 0x84;
  private static final int COSE_TAG = 0xd2;

  private final SimulationVerifier simulation = new SimulationVerifier();
  private final IntelVerifier intel;
  private final SnpVerifier snp;
  private final NitroVerifier nitro;
  private final AzureVerifier azure;
  private final RaTlsVerifier raTls;

  /** Trusts the makers' own roots. */
  public Verifier() {
    this(TrustAnchors.builtIn());
  }

  /** Trusts these roots and no others. */
  public Verifier(TrustAnchors anchors) {
    this.intel = new IntelVerifier(anchors.intel());
    this.snp = new SnpVerifier(anchors.amd());
    this.nitro = new NitroVerifier(anchors.aws());
    this.azure = new AzureVerifier(intel, snp);
    this.raTls = new RaTlsVerifier(intel);
  }

  /** Verifies evidence as KBS messages carry it; its kind has to be the one that was announced. */
  public Verification verify(Evidence evidence, Endorsements endorsements, Instant at) {
    return result(
        findings -> {
          Claims claims =
              evidence.kind() == TeeKind.SIMULATION
                  ? simulation.verify(evidence.primary(), findings)
                  : json(Json.parseObject(evidence.primary()), endorsements, at, findings);
          findings.require(
              claims.kind() == evidence.kind(),
              "kind of evidence",
              claims.kind().kbsName(),
              evidence.kind().kbsName() + ", as announced");
          return claims;
        });
  }

  /**
   * Verifies a file: a quote of SGX or TDX, a report of SEV-SNP, a document of Nitro, an HCL
   * report, a certificate with RA-TLS evidence, or evidence in the JSON of KBS messages.
   */
  public Verification verifyFile(byte[] file, Endorsements endorsements, Instant at) {
    return result(findings -> file(file, endorsements, at, findings));
  }

  private Claims file(byte[] file, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    if (file.length == 0 || file.length > EVIDENCE_BYTES_MAX) {
      throw new Refuted("evidence", file.length + " bytes", "1 to " + EVIDENCE_BYTES_MAX);
    }
    int first = file[0] & 0xff;
    if (first == COSE_ARRAY || first == COSE_TAG) {
      return nitro.verify(file, endorsements, at, findings);
    }
    if (HclReport.isOne(file)) {
      return azure.verifyReport(file, endorsements, at, findings);
    }
    if (isJson(file)) {
      return json(Json.parseObject(file), endorsements, at, findings);
    }
    if (file.length == SnpVerifier.REPORT_BYTES) {
      return snp.verify(file, endorsements, at, findings);
    }
    if (first == '-') {
      return raTls.verify(
          Certificates.ofPem("certificate", file).getFirst(), endorsements, at, findings);
    }
    return first == '0'
        ? raTls.verify(Certificates.ofDer("certificate", file), endorsements, at, findings)
        : intel.verify(file, endorsements, at, findings);
  }

  private static boolean isJson(byte[] file) {
    int at = 0;
    while (at < file.length && Character.isWhitespace(file[at])) {
      at++;
    }
    return at < file.length && file[at] == '{';
  }

  private Claims json(
      Map<String, Object> members, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    if (members.containsKey("hcl_report")) {
      return azure.verify(members, endorsements, at, findings);
    }
    if (members.containsKey("attestation_report")) {
      byte[] report = SnpReportJson.bytes(Json.object(members, "attestation_report"));
      return snp.verify(report, endorsements.with(chain(members)), at, findings);
    }
    if (members.containsKey("quote")) {
      return intel.verify(base64(members, "quote"), endorsements, at, findings);
    }
    if (members.containsKey("document")) {
      return nitro.verify(base64(members, "document"), endorsements, at, findings);
    }
    return simulation.verify(Json.write(members), findings);
  }

  // Certificates that came with an SNP report: {"cert_type":"VCEK","data":[bytes of DER]}.
  private static List<X509Certificate> chain(Map<String, Object> members) throws Refuted {
    List<X509Certificate> chain = new ArrayList<>();
    if (members.get("cert_chain") instanceof List<?> entries) {
      for (Object each : entries) {
        Map<String, Object> entry = Json.asObject(each, "cert_chain");
        chain.add(
            Certificates.ofDer(
                "cert_chain", SnpReportJson.byteList("cert_chain", entry.get("data"))));
      }
    }
    return chain;
  }

  private static byte[] base64(Map<String, Object> members, String name) {
    return Base64.getDecoder().decode(Json.string(members, name));
  }

  @FunctionalInterface
  private interface Steps {
    Claims run(Findings findings) throws Refuted;
  }

  private static Verification result(Steps steps) {
    Findings findings = new Findings();
    try {
      return new Verification.Genuine(steps.run(findings), findings.list());
    } catch (Refuted e) {
      return new Verification.NotGenuine(e.field(), e.got(), e.want(), findings.list());
    } catch (SealException | IllegalArgumentException e) {
      return new Verification.NotGenuine(
          "evidence", "not readable: " + e.getMessage(), "that of a platform", findings.list());
    }
  }
}
