package plinius.verification.evidence;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import plinius.seal.SealException;
import plinius.seal.jose.Jwk;

/** Signatures and digests as evidence has them: fixed-length, big-endian r and s. */
public final class Signatures {
  /** ECDSA over P-256 with SHA-256, 64 bytes: Intel. */
  public static final String ES256 = "SHA256withECDSAinP1363Format";

  /** ECDSA over P-384 with SHA-384, 96 bytes: AMD and AWS. */
  public static final String ES384 = "SHA384withECDSAinP1363Format";

  private static final int COORDINATE_BYTES = 32;

  private Signatures() {}

  /** Whether this is the key's signature; a key or signature of another form is just not. */
  public static boolean verifies(
      String algorithm, PublicKey key, byte[] message, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(key);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** A P-256 key from x and y, 32 bytes each; refuses points that are not on the curve. */
  public static ECPublicKey p256(String what, byte[] point) throws Refuted {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    byte[] x = Arrays.copyOf(point, COORDINATE_BYTES);
    byte[] y = Arrays.copyOfRange(point, COORDINATE_BYTES, 2 * COORDINATE_BYTES);
    try {
      return Jwk.fromMap(
          Map.of(
              "kty",
              "EC",
              "crv",
              "P-256",
              "x",
              base64.encodeToString(x),
              "y",
              base64.encodeToString(y)));
    } catch (SealException e) {
      throw new Refuted(what, "no point of the curve", "a P-256 key");
    }
  }

  /** SHA-256. */
  public static byte[] sha256(byte[]... parts) {
    return digest("SHA-256", parts);
  }

  /** Any digest of the JDK, over the parts one after the other. */
  public static byte[] digest(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
