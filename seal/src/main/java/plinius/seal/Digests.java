package plinius.seal;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hashes that every JDK has, without the exception for those that lack one. */
public final class Digests {
  private Digests() {}

  /** A new SHA-256, of 32 bytes. */
  public static MessageDigest sha256() {
    return of("SHA-256");
  }

  /** A new SHA-384, of 48 bytes. */
  public static MessageDigest sha384() {
    return of("SHA-384");
  }

  private static MessageDigest of(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no " + algorithm, e);
    }
  }
}
