package plinius.attestation.kbs;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.KeyedDigest;
import plinius.seal.SealException;
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
    Map<String, Object> members = new HashMap<>(members());
    members.put("mac", Base64.getEncoder().encodeToString(mac(jobKey)));
    return Json.write(members);
  }

  /**
   * Checks the confirmation.
   *
   * @throws AttestationException.BadMessage if the broker did not confirm this very message
   */
  public void requireConfirmed(BrokerKey broker, String answer) {
    boolean genuine;
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initVerify(broker.publicKey());
      signature.update(signed());
      String given = Json.string(Json.parseObject(answer), "signature");
      genuine = signature.verify(Base64.getDecoder().decode(given));
    } catch (GeneralSecurityException | SealException | IllegalArgumentException e) {
      genuine = false;
    }
    if (!genuine) {
      throw new AttestationException.BadMessage(
          "the confirmation of mirror %d does not bear the signature of the broker that gave the keys"
              .formatted(mirror.sequence()));
    }
  }

  private Map<String, Object> members() {
    return Map.of(
        "job", job.toString(), "epoch", epoch, "mirror", mirror.toString(), "nonce", nonce);
  }

  /** What the broker signs to confirm it. */
  public byte[] signed() {
    return (SIGNED + Json.write(members())).getBytes(StandardCharsets.UTF_8);
  }

  /** What shows that it comes from a run that had a grant of its epoch. */
  public byte[] mac(SecretBytes jobKey) {
    try (SecretBytes key =
            KeyDerivation.derive(
                jobKey, new byte[0], "plinius/advance", job.bytes(), KeyDerivation.part(epoch));
        KeyedDigest digest = new KeyedDigest(key)) {
      return digest.update(signed()).finish();
    }
  }
}
