package plinius.verification.azure;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.amd.SnpVerifier;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.intel.IntelVerifier;

/**
 * Verifies evidence of Azure's confidential virtual machines as Trustee's guest components make it:
 * {@code {"version":1,"hcl_report":base64url,"tpm_quote":{...},"td_quote"|"vcek":...}}. The
 * hardware report binds the virtual TPM's key; the TPM's quote binds the asker's nonce.
 */
public final class AzureVerifier {
  private static final int DIGEST_BYTES = 32;

  private final IntelVerifier intel;
  private final SnpVerifier snp;

  public AzureVerifier(IntelVerifier intel, SnpVerifier snp) {
    this.intel = intel;
    this.snp = snp;
  }

  /** Verifies evidence in JSON; the checks that hold go to {@code findings}. */
  public Claims verify(
      Map<String, Object> members, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    try {
      HclReport hcl = HclReport.parse(base64(members, "hcl_report"));
      TpmQuote quote = new TpmQuote(Json.object(members, "tpm_quote"));
      byte[] bound = quote.verify(hcl.attestationKey(), findings);
      boolean tdx = hcl.hardware() == TeeKind.TDX;
      Claims hardware =
          tdx
              ? intel.verify(base64(members, "td_quote"), endorsements, at, findings)
              : snp.verify(hcl.report(), withVcek(members, endorsements), at, findings);
      requireBinding(hcl, hardware, findings);
      Map<String, Object> values = new LinkedHashMap<>(hardware.values());
      values.putAll(quote.claims());
      return new Claims(
          tdx ? TeeKind.AZURE_TDX : TeeKind.AZURE_SNP,
          hardware.measurement(),
          bound.length <= ReportData.BYTES
              ? Optional.of(ReportData.of(Arrays.copyOf(bound, ReportData.BYTES)))
              : Optional.empty(),
          "Azure on " + hardware.platform(),
          values);
    } catch (SealException | IllegalArgumentException e) {
      throw new Refuted(
          "Azure evidence", "not readable: " + e.getMessage(), "as Trustee's guests write it");
    }
  }

  /**
   * Verifies an HCL report alone, without the TPM's quote: it shows which TPM key is bound to the
   * platform, and nothing about when.
   */
  public Claims verifyReport(byte[] bytes, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    HclReport hcl = HclReport.parse(bytes);
    if (hcl.hardware() == TeeKind.TDX) {
      throw new Refuted(
          "HCL report", "with a local TDX report, unsigned", "the evidence with its quote");
    }
    Claims hardware = snp.verify(hcl.report(), endorsements, at, findings);
    requireBinding(hcl, hardware, findings);
    return new Claims(
        TeeKind.AZURE_SNP,
        hardware.measurement(),
        Optional.empty(),
        "Azure on " + hardware.platform(),
        hardware.values());
  }

  private static void requireBinding(HclReport hcl, Claims hardware, Findings findings)
      throws Refuted {
    byte[] reportData = hardware.bound().map(ReportData::bytes).orElseThrow();
    findings.requireEqual(
        Arrays.copyOf(reportData, DIGEST_BYTES),
        hcl.claimsDigest(),
        "HCL claims binding",
        "SHA-256 of the claims");
  }

  private static Endorsements withVcek(Map<String, Object> members, Endorsements endorsements)
      throws Refuted {
    if (!(members.get("vcek") instanceof String text)) {
      return endorsements;
    }
    String base64 = text.replaceAll("-----[A-Z ]+-----|\\s", "");
    X509Certificate vcek = Certificates.ofDer("vcek", decode(base64));
    return endorsements.with(List.of(vcek));
  }

  private static byte[] base64(Map<String, Object> members, String name) {
    return decode(Json.string(members, name));
  }

  // Azure's own service writes base64url, its tools the other alphabet.
  private static byte[] decode(String text) {
    return Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
  }
}
