package plinius.seal;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * HMAC-SHA256 fed piece by piece: a digest that only the holders of the key can compute or compare
 * with guesses. Not thread-safe.
 */
public final class KeyedDigest {
  /** Length of a digest. */
  public static final int BYTES = 32;

  private final Mac mac;

  /** Copies the key: the caller closes its own. */
  public KeyedDigest(SecretBytes key) {
    try {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.view(), "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no HmacSHA256", e);
    }
  }

  /** Adds bytes; returns this. */
  public KeyedDigest update(byte[] bytes, int off, int len) {
    mac.update(bytes, off, len);
    return this;
  }

  /** Adds bytes; returns this. */
  public KeyedDigest update(byte[] bytes) {
    mac.update(bytes);
    return this;
  }

  /** The 32 bytes of the digest; starts a new one under the same key. */
  public byte[] finish() {
    return mac.doFinal();
  }
}
