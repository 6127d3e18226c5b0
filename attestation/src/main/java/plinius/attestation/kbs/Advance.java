package plinius.attestation.kbs;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.KeyedDigest;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

/**
 * "The newest mirror of this job is that one": told to the broker by the training run of an epoch,
 * under a MAC that only who had the epoch's grant can make, and confirmed under the broker's
 * signature. Our own message beside the KBS protocol, which has none for this.
 *
 * @param job whose mirror
 * @param epoch of the run that says so
 * @param mirror the newest
 * @param nonce drawn for this message, so that an old confirmation serves no new one
 */
public record Advance(Id128 job, long epoch, MirrorId mirror, String nonce) {
  /** Where it is posted to: among the plugins of the KBS protocol. */
  public static final String PATH = "/kbs/v0/external/plinius/advance";

  /** Status of the refusal of a run that is not the newest, or of a mirror that is not. */
  public static final int CONFLICT = 409;

  private static final String SIGNED = "plinius/advance/1\n";

  /** The message with its MAC. */
  public String toJson(SecretBytes jobKey) {
    Map<String, Object> members = members();
    members.put("mac", Base64.getEncoder().encodeToString(mac(jobKey)));
    return Json.write(members);
  }

  /** Reads a message, without its MAC. */
  public static Advance ofJson(JsonFields fields) {
    return new Advance(
        fields.id("job"),
        fields.number("epoch"),
        MirrorId.parse(fields.string("mirror")),
        fields.string("nonce"));
  }

  /** Whether a message read by {@link #ofJson} comes from a run that had a grant of its epoch. */
  public boolean isFrom(SecretBytes jobKey, JsonFields fields) {
    return MessageDigest.isEqual(fields.base64("mac", KeyedDigest.BYTES), mac(jobKey));
  }

  /** The broker's confirmation. */
  public String confirm(PrivateKey signingKey) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(signingKey);
      signature.update(signed());
      return Json.write(
          new TreeMap<String, Object>(
              Map.of("signature", Base64.getEncoder().encodeToString(signature.sign()))));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  /**
   * Checks the confirmation.
   *
   * @throws AttestationException.BadMessage if the broker did not confirm this very message
   */
  public void requireConfirmed(BrokerKey broker, String answer) {
    byte[] given = JsonFields.parse("the confirmation", answer).base64("signature");
    boolean genuine;
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initVerify(broker.publicKey());
      signature.update(signed());
      genuine = signature.verify(given);
    } catch (GeneralSecurityException e) {
      genuine = false;
    }
    if (!genuine) {
      throw new AttestationException.BadMessage(
          "the confirmation of mirror "
              + mirror.sequence()
              + " does not bear the signature of the broker that gave the keys");
    }
  }

  private Map<String, Object> members() {
    return new TreeMap<>(
        Map.of("job", job.toString(), "epoch", epoch, "mirror", mirror.toString(), "nonce", nonce));
  }

  private byte[] signed() {
    return (SIGNED + Json.write(members())).getBytes(StandardCharsets.UTF_8);
  }

  private byte[] mac(SecretBytes jobKey) {
    try (SecretBytes key =
            KeyDerivation.derive(
                jobKey, new byte[0], "plinius/advance", job.bytes(), KeyDerivation.part(epoch));
        KeyedDigest digest = new KeyedDigest(key)) {
      return digest.update(signed()).finish();
    }
  }
}
