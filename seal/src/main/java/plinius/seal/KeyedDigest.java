package plinius.seal;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;

/**
 * HMAC-SHA256 fed piece by piece: a digest that only the holders of the key can compute or compare
 * with guesses. Not thread-safe.
 */
public final class KeyedDigest implements AutoCloseable {
  /** Length of a digest. */
  public static final int BYTES = 32;

  private static final String ALGORITHM = "HmacSHA256";

  private final Mac mac;

  /** Copies the key: the caller closes its own. */
  public KeyedDigest(SecretBytes key) {
    try {
      mac = Mac.getInstance(ALGORITHM);
      mac.init(key.asKey(ALGORITHM));
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

  /**
   * Overwrites what the JDK keeps of the key and of the last digest with what it keeps of zeros.
   */
  @Override
  public void close() {
    try (SecretBytes zeros = SecretBytes.copyOf(new byte[BYTES])) {
      mac.init(zeros.asKey(ALGORITHM));
      mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 refused to forget its key", e);
    }
  }
}
