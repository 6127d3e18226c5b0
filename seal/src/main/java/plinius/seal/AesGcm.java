package plinius.seal;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.util.Arrays;
import java.util.Objects;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * AES-GCM (NIST SP 800-38D) with the nonce in the caller's hand, hence for this module only: one
 * key, one thread, byte arrays.
 *
 * <p>Byte arrays because the JDK's fast code takes nothing else (a direct buffer costs two thirds
 * of the speed), and at most 256 KiB a call because longer ones leave the path that a warm-up
 * compiled.
 */
final class AesGcm implements AutoCloseable {
  static final int NONCE_BYTES = 12;
  static final int TAG_BYTES = 16;
  static final int PLAIN_BYTES_MAX = 256 * 1024;

  private final SecretBytes key;
  private final Cipher cipher;
  private volatile boolean closed;

  /** Copies the key: the caller closes its own. */
  AesGcm(SecretBytes key) {
    if (key.length() != 16 && key.length() != 32) {
      throw new IllegalArgumentException("an AES key has 16 or 32 bytes, got " + key.length());
    }
    this.key = key.duplicate();
    try {
      cipher = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no AES/GCM/NoPadding", e);
    }
  }

  /** Another one of the same key, for another thread. */
  AesGcm fork() {
    return new AesGcm(key);
  }

  /** Writes ciphertext and tag; returns len + 16. */
  int encrypt(byte[] nonce, byte[] plain, int off, int len, byte[] aad, byte[] out, int outOff) {
    checkPlainLength(len);
    Objects.checkFromIndexSize(off, len, plain.length);
    Objects.checkFromIndexSize(outOff, len + TAG_BYTES, out.length);
    try {
      init(Cipher.ENCRYPT_MODE, nonce, aad);
      return cipher.doFinal(plain, off, len, out, outOff);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refused to seal " + len + " bytes", e);
    }
  }

  /** Writes the plaintext; returns len - 16. A wrong tag leaves zeros, never plaintext. */
  int decrypt(byte[] nonce, byte[] sealed, int off, int len, byte[] aad, byte[] out, int outOff) {
    int plainBytes = len - TAG_BYTES;
    if (plainBytes < 0) {
      throw new SealException.NotAuthentic(
          "not authentic: " + len + " bytes are fewer than the tag's " + TAG_BYTES);
    }
    checkPlainLength(plainBytes);
    Objects.checkFromIndexSize(off, len, sealed.length);
    Objects.checkFromIndexSize(outOff, plainBytes, out.length);
    try {
      init(Cipher.DECRYPT_MODE, nonce, aad);
      return cipher.doFinal(sealed, off, len, out, outOff);
    } catch (AEADBadTagException e) {
      Arrays.fill(out, outOff, outOff + plainBytes, (byte) 0);
      throw new SealException.NotAuthentic(
          "not authentic: the tag of " + plainBytes + " sealed bytes does not fit");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refused to unseal " + plainBytes + " bytes", e);
    }
  }

  private void init(int mode, byte[] nonce, byte[] aad)
      throws InvalidKeyException, InvalidAlgorithmParameterException {
    if (closed) {
      throw new IllegalStateException("this key is closed");
    }
    cipher.init(mode, key.asKey("AES"), new GCMParameterSpec(8 * TAG_BYTES, nonce));
    cipher.updateAAD(aad);
  }

  /**
   * Wipes the key, and the expanded one in the cipher: SunJCE overwrites it when it is given
   * another.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    byte[] nonce = new byte[NONCE_BYTES];
    Arrays.fill(nonce, (byte) -1); // met by no counter, so not refused as one used again
    try (SecretBytes zeros = SecretBytes.copyOf(new byte[key.length()])) {
      cipher.init(
          Cipher.ENCRYPT_MODE, zeros.asKey("AES"), new GCMParameterSpec(8 * TAG_BYTES, nonce));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refused to forget its key", e);
    } finally {
      key.close();
    }
  }

  private static void checkPlainLength(int len) {
    if (len < 0 || len > PLAIN_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a record has 0 to " + PLAIN_BYTES_MAX + " bytes, got " + len);
    }
  }

  /** Four zero bytes, then the number, most significant first. */
  static void putNonce(long number, byte[] nonce) {
    ByteBuffer.wrap(nonce).putInt(0).putLong(number);
  }
}
