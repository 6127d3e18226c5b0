package plinius.broker;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Map;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.Advance;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.KeyedDigest;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.verification.evidence.JsonFields;

/** The broker's side of an {@link Advance}. */
final class Advances {
  private Advances() {}

  /** Reads a message, without its MAC. */
  static Advance of(JsonFields fields) {
    return new Advance(
        fields.id("job"),
        fields.number("epoch"),
        MirrorId.parse(fields.string("mirror")),
        fields.string("nonce"));
  }

  /** Whether a message read by {@link #of} comes from a run that had a grant of its epoch. */
  static boolean isGenuine(Advance advance, SecretBytes jobKey, JsonFields fields) {
    byte[] mac = fields.base64("mac");
    if (mac.length != KeyedDigest.BYTES) {
      throw new AttestationException.BadMessage(
          "the mac of an advance is " + mac.length + " bytes, want " + KeyedDigest.BYTES);
    }
    return MessageDigest.isEqual(mac, advance.mac(jobKey));
  }

  /** The broker's confirmation. */
  static String confirm(Advance advance, PrivateKey signingKey) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(signingKey);
      signature.update(advance.signed());
      String base64 = Base64.getEncoder().encodeToString(signature.sign());
      return Json.write(Map.of("signature", base64));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }
}
