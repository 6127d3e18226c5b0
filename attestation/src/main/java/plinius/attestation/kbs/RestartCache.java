package plinius.attestation.kbs;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Measurement;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.SealException;
import plinius.seal.Sealer;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * A grant sealed to this code on this platform, so that an offline job whose owner allows it may
 * restart while the key broker is out of reach. All numbers big-endian:
 *
 * <pre>
 *    0   8  magic "PLRESTRT"
 *    8   1  version 1
 *    9   1  kind of platform: 0 SGX, 1 TDX, 2 SEV-SNP, 3 simulation
 *   10   1  policy: 1, the key is that of this measurement
 *   11   1  zero
 *   12   8  epoch of the grant
 *   20  32  salt, random
 *   52  12  nonce, zero: the key serves once
 *   64   n  AES-256-GCM(the grant as in its JWE)
 * 64+n  16  tag
 *
 * key             = derive(sealing key, salt, "plinius/restart", job)
 * associated data = bytes 0 to 51, job (16), measurement (48, SGX 32), cfgDigest (32)
 * </pre>
 *
 * Never the only copy of anything: sealing keys change with the platform's updates, and then only
 * the broker helps.
 */
public final class RestartCache {
  private static final byte[] MAGIC = "PLRESTRT".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int POLICY_CODE = 1;
  private static final int SALT_AT = 20;
  private static final int NONCE_AT = 52;

  private static final SecureRandom RANDOM = new SecureRandom();

  private RestartCache() {}

  /**
   * The grant, sealed; empty if the platform has no sealing key.
   *
   * @throws IllegalArgumentException if it does not allow that
   */
  public static Optional<byte[]> seal(Attester attester, Grant grant) {
    requireAllowed(grant);
    return attester.sealingKey().map(root -> seal(attester, root, grant));
  }

  /** Closes the root. */
  static byte[] seal(Attester attester, SecretBytes root, Grant grant) {
    byte[] salt = new byte[NONCE_AT - SALT_AT];
    RANDOM.nextBytes(salt);
    byte[] plain = grant.toBytes();
    ByteBuffer blob = ByteBuffer.allocate(NONCE_AT + plain.length + Sealer.OVERHEAD);
    blob.put(MAGIC).put((byte) VERSION).put(kind(attester)).put((byte) POLICY_CODE).put((byte) 0);
    blob.putLong(grant.epoch()).put(salt);
    byte[] bytes = blob.array();
    byte[] aad = associated(bytes, grant.job(), attester.measurement(), grant.cfgDigest());
    try (root;
        SecretBytes key = key(root, salt, grant.job());
        Sealer sealer = new Sealer(key)) {
      sealer.seal(plain, 0, plain.length, aad, bytes, NONCE_AT);
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
    return bytes;
  }

  /**
   * The grant in these bytes, which come from the host. The caller closes it.
   *
   * @param unreachable why the broker was not asked
   * @throws AttestationException.Unreachable if it does not open, or does not allow this: then only
   *     the broker helps
   */
  public static Grant open(
      Attester attester,
      byte[] blob,
      Id128 job,
      CfgDigest cfg,
      AttestationException.Unreachable unreachable) {
    String closed =
        "does not open: it was changed, is of another job, configuration, image or machine, or the"
            + " platform was updated since";
    Grant grant = unseal(attester, blob, job, cfg).orElseThrow(() -> refused(unreachable, closed));
    try {
      requireAllowed(grant);
      return grant;
    } catch (IllegalArgumentException e) {
      grant.close();
      throw refused(unreachable, "is refused: " + e.getMessage());
    }
  }

  private static Optional<Grant> unseal(Attester attester, byte[] blob, Id128 job, CfgDigest cfg) {
    int length = blob.length - NONCE_AT - Sealer.OVERHEAD;
    Optional<SecretBytes> root = attester.sealingKey();
    if (root.isEmpty() || length < 0) {
      return Optional.empty();
    }
    byte[] plain = new byte[length];
    byte[] salt = Arrays.copyOfRange(blob, SALT_AT, NONCE_AT);
    try (SecretBytes sealing = root.get();
        SecretBytes key = key(sealing, salt, job);
        Unsealer unsealer = new Unsealer(key)) {
      byte[] aad = associated(blob, job, attester.measurement(), cfg);
      unsealer.unseal(blob, NONCE_AT, blob.length - NONCE_AT, aad, plain, 0);
      return Optional.of(Grant.ofBytes(plain));
    } catch (SealException e) {
      return Optional.empty();
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
  }

  private static void requireAllowed(Grant grant) {
    if (grant.purpose() != GrantPurpose.TRAIN || !grant.freshness().cached()) {
      throw new IllegalArgumentException(
          "a grant to %s in freshness mode %s asks its key broker at each start"
              .formatted(grant.purpose().wireName(), grant.freshness()));
    }
  }

  private static AttestationException.Unreachable refused(
      AttestationException.Unreachable unreachable, String why) {
    return new AttestationException.Unreachable(
        "%s. restart.cache %s; start again once the broker answers"
            .formatted(unreachable.getMessage(), why));
  }

  private static byte kind(Attester attester) {
    return (byte)
        switch (attester.kind()) {
          case SGX -> 0;
          case TDX -> 1;
          case SNP -> 2;
          case SIMULATION -> 3;
          case AZURE_SNP, AZURE_TDX, NITRO ->
              throw new IllegalStateException("nothing here attests " + attester.kind());
        };
  }

  private static SecretBytes key(SecretBytes root, byte[] salt, Id128 job) {
    return KeyDerivation.derive(root, salt, "plinius/restart", job.bytes());
  }

  private static byte[] associated(byte[] blob, Id128 job, Measurement code, CfgDigest cfg) {
    byte[] measurement = code.bytes();
    byte[] digest = cfg.bytes();
    return ByteBuffer.allocate(NONCE_AT + 16 + measurement.length + digest.length)
        .put(blob, 0, NONCE_AT)
        .put(job.bytes())
        .put(measurement)
        .put(digest)
        .array();
  }
}
