package plinius.seal.jose;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EllipticCurve;
import java.util.Map;
import plinius.seal.SealException;

/** Public keys on P-256 as JSON Web Keys (RFC 7517, RFC 7518 section 6.2). */
public final class Jwk {
  private static final int COORDINATE_BYTES = 32;
  private static final ECParameterSpec P256 = ((ECPublicKey) generate().getPublic()).getParams();

  private Jwk() {}

  /** A fresh key pair on P-256. */
  public static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no P-256", e);
    }
  }

  /** Members kty, crv, x, y. */
  public static Map<String, Object> toMap(ECPublicKey key) {
    if (!key.getParams().getCurve().equals(P256.getCurve())
        || !key.getParams().getGenerator().equals(P256.getGenerator())) {
      throw new IllegalArgumentException("the key is not on P-256");
    }
    ECPoint point = key.getW();
    String x = Base64Url.encode(fixed(point.getAffineX()));
    String y = Base64Url.encode(fixed(point.getAffineY()));
    return Map.of("kty", "EC", "crv", "P-256", "x", x, "y", y);
  }

  /**
   * Reads kty, crv, x, y; other members (alg, use, kid) are the caller's. A point that is not on
   * the curve is refused: agreeing on a key with one would leak the private key bit by bit.
   */
  public static ECPublicKey fromMap(Map<String, ?> jwk) {
    if (!Json.string(jwk, "kty").equals("EC") || !Json.string(jwk, "crv").equals("P-256")) {
      throw new SealException.Malformed("bad JWK: only kty EC on crv P-256 is taken");
    }
    BigInteger x = coordinate(Json.string(jwk, "x"), "x of a JWK");
    BigInteger y = coordinate(Json.string(jwk, "y"), "y of a JWK");
    EllipticCurve curve = P256.getCurve();
    BigInteger p = ((ECFieldFp) curve.getField()).getP();
    BigInteger right = x.multiply(x).add(curve.getA()).multiply(x).add(curve.getB()).mod(p);
    if (x.compareTo(p) >= 0 || y.compareTo(p) >= 0 || !y.multiply(y).mod(p).equals(right)) {
      throw new SealException.Malformed("bad JWK: its point is not on P-256");
    }
    try {
      return (ECPublicKey)
          KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x, y), P256));
    } catch (GeneralSecurityException e) {
      throw new SealException.Malformed("bad JWK: its point makes no key");
    }
  }

  private static BigInteger coordinate(String text, String what) {
    byte[] bytes = Base64Url.decode(text, what);
    if (bytes.length != COORDINATE_BYTES) {
      throw new SealException.Malformed(
          what + " has " + bytes.length + " bytes, want " + COORDINATE_BYTES);
    }
    return new BigInteger(1, bytes);
  }

  private static byte[] fixed(BigInteger coordinate) {
    byte[] bytes = coordinate.toByteArray(); // with a sign byte, or short
    byte[] fixed = new byte[COORDINATE_BYTES];
    int length = Math.min(bytes.length, COORDINATE_BYTES);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE_BYTES - length, length);
    return fixed;
  }
}
