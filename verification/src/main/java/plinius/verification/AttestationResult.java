package plinius.verification;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import plinius.attestation.TeeKind;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Claims;

/**
 * An appraisal as a document: an attestation result in the words of EAT (RFC 9711) and EAR
 * (draft-ietf-rats-ear), with the trustworthiness vector of draft-ietf-rats-ar4si, in the profile
 * that Trustee's tokens have.
 */
public final class AttestationResult {
  private static final String PROFILE = "tag:github.com,2024:confidential-containers/Trustee";
  // Tiers of draft-ietf-rats-ar4si, section 2.3.
  private static final long NONE = 0;
  private static final long AFFIRMING = 2;
  private static final long WARNING = 32;
  private static final long CONTRAINDICATED = 96;

  private AttestationResult() {}

  /** The members of the result for one appraisal. */
  public static Map<String, Object> of(Verification verification, Appraisal appraisal, Instant at) {
    return switch (appraisal) {
      case Appraisal.Accepted accepted -> ofAccepted(accepted, at);
      case Appraisal.Rejected rejected -> {
        Map<String, Object> submodule = new TreeMap<>();
        submodule.put("ear.status", "contraindicated");
        submodule.put("ear.trustworthiness-vector", vector(CONTRAINDICATED, CONTRAINDICATED));
        submodule.put(
            "ear.veraison.policy-claims",
            new TreeMap<String, Object>(
                Map.of(
                    "refused-field", rejected.field(),
                    "refused-value", rejected.got(),
                    "expected", rejected.want())));
        if (verification instanceof Verification.Genuine genuine) {
          submodule.put("ear.veraison.annotated-evidence", evidence(genuine.claims()));
        }
        yield result(submodule, at);
      }
    };
  }

  /** The members of the result of evidence that was accepted. */
  public static Map<String, Object> ofAccepted(Appraisal.Accepted accepted, Instant at) {
    // A simulation is known, wanted, and still nothing that one should rely on.
    boolean reliable =
        accepted.kind() != TeeKind.SIMULATION
            && accepted.claims().value("tcb-status").orElse("UpToDate").equals("UpToDate");
    Map<String, Object> submodule = new TreeMap<>();
    submodule.put("ear.status", reliable ? "affirming" : "warning");
    submodule.put("ear.trustworthiness-vector", vector(reliable ? AFFIRMING : WARNING, AFFIRMING));
    submodule.put("ear.veraison.annotated-evidence", evidence(accepted.claims()));
    return result(submodule, at);
  }

  private static Map<String, Object> result(Map<String, Object> submodule, Instant at) {
    Map<String, Object> result = new TreeMap<>();
    result.put("eat_profile", PROFILE);
    result.put("iat", at.getEpochSecond());
    result.put(
        "ear.verifier-id",
        new TreeMap<String, Object>(
            Map.of("developer", "Plinius", "build", "plinius.verification")));
    result.put("submods", new TreeMap<String, Object>(Map.of("cpu0", submodule)));
    return result;
  }

  private static Map<String, Object> vector(long hardware, long executables) {
    return new TreeMap<>(
        Map.of(
            "instance-identity", NONE,
            "configuration", NONE,
            "executables", executables,
            "file-system", NONE,
            "hardware", hardware,
            "runtime-opaque", NONE,
            "storage-opaque", NONE,
            "sourced-data", NONE));
  }

  private static Map<String, Object> evidence(Claims claims) {
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("measurement", claims.measurement());
    evidence.put("platform", claims.platform());
    claims.bound().ifPresent(bound -> evidence.put("report_data", bound.hex()));
    evidence.put(PolicyFile.sectionName(claims.kind()), new LinkedHashMap<>(claims.values()));
    return evidence;
  }

  /** The document's text. */
  public static String write(Map<String, Object> result) {
    return Json.write(result);
  }
}
