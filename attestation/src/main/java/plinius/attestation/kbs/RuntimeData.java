package plinius.attestation.kbs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import plinius.attestation.ReportData;
import plinius.seal.Digests;
import plinius.seal.jose.Json;

/**
 * What KBS evidence is bound to: the broker's nonce, so that it is fresh, and the public key to
 * which the broker will encrypt, so that relayed evidence is worth nothing to the relay.
 *
 * @param nonce the broker's nonce, as it wrote it
 * @param teePublicKey the enclave's key as JWK members
 */
public record RuntimeData(String nonce, Map<String, Object> teePublicKey) {
  /** Key agreement of the {@code tee-pubkey}. */
  public static final String KEY_ALGORITHM = "ECDH-ES+A256KW";

  public RuntimeData {
    teePublicKey = Map.copyOf(teePublicKey);
  }

  /** The members of the message {@code runtime-data}. */
  public Map<String, Object> members() {
    return Map.of("nonce", nonce, "tee-pubkey", teePublicKey);
  }

  /**
   * SHA-384 of the canonical JSON of additional evidence, nonce and key, then zeros up to 64 bytes
   * (Trustee, kbs/src/attestation/backend.rs, protocol 0.4.0).
   *
   * @param additionalEvidence the message's text, empty if none; always part of the digest
   */
  public ReportData reportData(String additionalEvidence) {
    Map<String, Object> bound = new HashMap<>(members());
    bound.put("additional-evidence", additionalEvidence);
    byte[] digest = Digests.sha384().digest(Json.write(bound).getBytes(StandardCharsets.UTF_8));
    return ReportData.of(Arrays.copyOf(digest, ReportData.BYTES));
  }
}
