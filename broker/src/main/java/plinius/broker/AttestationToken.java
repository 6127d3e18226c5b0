package plinius.broker;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import plinius.seal.jose.Json;
import plinius.verification.Appraisal;
import plinius.verification.AttestationResult;

/**
 * The answer to accepted evidence, in the form that Trustee gives: an attestation result (EAR,
 * draft-ietf-rats-ear) as a signed JWT. A receipt: keys are given to the session, not to its
 * bearer.
 */
final class AttestationToken {
  private static final long LIFE_SECONDS = 300;

  private AttestationToken() {}

  /** Signs a result with Ed25519. */
  static String of(Appraisal.Accepted accepted, Instant now, PrivateKey signingKey) {
    Map<String, Object> claims = AttestationResult.ofAccepted(accepted, now);
    claims.put("exp", now.getEpochSecond() + LIFE_SECONDS);
    String signed =
        base64Url("{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}") + "." + base64Url(Json.write(claims));
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(signingKey);
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed
          + "."
          + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  private static String base64Url(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
