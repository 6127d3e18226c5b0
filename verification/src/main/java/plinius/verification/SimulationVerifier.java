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
import java.util.Set;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.JsonFields;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.attestation.simulation.Simulation;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;

/**
 * Evidence of a simulated platform: signed by the key that it brings along. So the signature shows
 * that nobody changed it on the way, and nothing about who made it.
 */
final class SimulationVerifier {
  private static final Set<String> MEMBERS =
      Set.of("svn", "report_data", "name", "measurement", "key", "signature");
  private static final int DIGEST_BYTES = 48;
  private static final int KEY_NAME_BYTES = 8;

  Verification verify(String primary) {
    try {
      return verifyMembers(JsonFields.parse("the evidence", primary));
    } catch (AttestationException.BadMessage | SealException | IllegalArgumentException e) {
      return new Verification.NotGenuine(
          "evidence", e.getMessage(), "that of a simulated platform");
    }
  }

  private static Verification verifyMembers(JsonFields fields) {
    Map<String, Object> members = new TreeMap<>();
    for (String name : MEMBERS) {
      members.put(name, fields.value(name));
    }
    fields.requireNothingElse();
    if (!fields.string("svn").equals("1")) {
      return new Verification.NotGenuine("svn", fields.string("svn"), "1");
    }
    if (!fields.string("name").equals(Simulation.KEY_NAME)) {
      return new Verification.NotGenuine("name", fields.string("name"), Simulation.KEY_NAME);
    }
    byte[] reportData = fields.base64("report_data");
    if (reportData.length != DIGEST_BYTES && reportData.length != ReportData.BYTES) {
      return new Verification.NotGenuine(
          "report data",
          reportData.length + " bytes",
          DIGEST_BYTES + " or " + ReportData.BYTES + " bytes");
    }
    ECPublicKey key = Jwk.fromMap(Json.asObject(fields.value("key"), "the key"));
    byte[] signature = Base64.getUrlDecoder().decode(fields.string("signature"));
    if (!isSigned(key, members, signature)) {
      return new Verification.NotGenuine(
          "signature", "not that of the key over these members", "a valid one (ES256)");
    }
    return new Verification.Genuine(
        TeeKind.SIMULATION,
        new Measurement(fields.string("measurement")),
        ReportData.of(Arrays.copyOf(reportData, ReportData.BYTES)),
        Simulation.KEY_NAME + " " + keyName(key));
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
