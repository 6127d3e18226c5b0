package plinius.attestation.kbs;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import plinius.attestation.AttestationException;

/**
 * The key with which a broker signs (Ed25519): an enclave gets it with its grant, and so knows
 * whose later answers to believe.
 *
 * @param spki SubjectPublicKeyInfo, DER, as standard base64
 */
public record BrokerKey(String spki) {
  public BrokerKey {
    decode(spki);
  }

  /** The key, for {@link java.security.Signature} with {@code Ed25519}. */
  public PublicKey publicKey() {
    return decode(spki);
  }

  private static PublicKey decode(String spki) {
    try {
      return KeyFactory.getInstance("Ed25519")
          .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(spki)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new AttestationException.BadMessage("the broker's signing key is no Ed25519 key");
    }
  }
}
