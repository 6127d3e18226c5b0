package plinius.verification;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.attestation.simulation.Simulation;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.JsonFields;
import plinius.verification.evidence.Refuted;

/**
 * Evidence of a simulated platform: signed by the key that it brings along. So the signature shows
 * that nobody changed it on the way, and nothing about who made it.
 */
final class SimulationVerifier {
  private static final Set<String> MEMBERS =
      Set.of("svn", "report_data", "name", "measurement", "key", "signature");
  private static final int DIGEST_BYTES = 48;
  private static final int KEY_NAME_BYTES = 8;

  Claims verify(String primary, Findings findings) throws Refuted {
    try {
      return verifyMembers(JsonFields.parse("the evidence", primary), findings);
    } catch (AttestationException.BadMessage | SealException | IllegalArgumentException e) {
      throw new Refuted("evidence", e.getMessage(), "that of a simulated platform");
    }
  }

  private static Claims verifyMembers(JsonFields fields, Findings findings) throws Refuted {
    Map<String, Object> members = new TreeMap<>();
    for (String name : MEMBERS) {
      members.put(name, fields.value(name));
    }
    fields.requireNothingElse();
    findings.require(fields.string("svn").equals("1"), "svn", fields.string("svn"), "1");
    findings.require(
        fields.string("name").equals(Simulation.KEY_NAME),
        "name",
        fields.string("name"),
        Simulation.KEY_NAME);
    byte[] reportData = fields.base64("report_data");
    findings.require(
        reportData.length == DIGEST_BYTES || reportData.length == ReportData.BYTES,
        "report data",
        reportData.length + " bytes",
        DIGEST_BYTES + " or " + ReportData.BYTES + " bytes");
    ECPublicKey key = Jwk.fromMap(Json.asObject(fields.value("key"), "the key"));
    byte[] signature = Base64.getUrlDecoder().decode(fields.string("signature"));
    findings.require(
        isSigned(key, members, signature),
        "signature",
        "not that of the key over these members",
        "a valid one (ES256)");
    String measurement = new Measurement(fields.string("measurement")).hex();
    ReportData bound = ReportData.of(Arrays.copyOf(reportData, ReportData.BYTES));
    return new Claims(
        TeeKind.SIMULATION,
        measurement,
        Optional.of(bound),
        Simulation.KEY_NAME + " " + keyName(key),
        Map.of("measurement", measurement, "report-data", bound.hex()));
  }

  private static boolean isSigned(
      ECPublicKey key, Map<String, Object> members, byte[] signatureBytes) {
    try {
      Signature signature = Signature.getInstance(Simulation.SIGNATURE_ALGORITHM);
      signature.initVerify(key);
      signature.update(SimulatedPlatform.signedBytes(members));
      return signature.verify(signatureBytes);
    } catch (GeneralSecurityException e) {
      // The JDK throws for signatures of a wrong length or out of range: not genuine either.
      return false;
    }
  }

  private static String keyName(ECPublicKey key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
      return HexFormat.of().formatHex(digest, 0, KEY_NAME_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
