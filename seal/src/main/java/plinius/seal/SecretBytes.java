package plinius.seal;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Bytes that nobody may see: compared in constant time, never printed, wiped when closed.
 *
 * <p>Wiping clears the one array this holds. The garbage collector may have moved it before, and
 * the JDK's ciphers keep expanded keys of their own: against someone who reads the process's
 * memory, only the enclave's walls help.
 */
public final class SecretBytes implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] bytes;
  private volatile boolean closed;

  private SecretBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Copies; the caller wipes what it gave. */
  public static SecretBytes copyOf(byte[] bytes) {
    return new SecretBytes(bytes.clone());
  }

  /** Takes the array over: the caller keeps no reference. */
  static SecretBytes owning(byte[] bytes) {
    return new SecretBytes(bytes);
  }

  /** Fresh random bytes. */
  public static SecretBytes random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return new SecretBytes(bytes);
  }

  public int length() {
    return bytes.length;
  }

  /** A copy, which the caller wipes. */
  public byte[] copy() {
    return view().clone();
  }

  /** The same secret, closed on its own. */
  public SecretBytes duplicate() {
    return copyOf(view());
  }

  /** The array itself, for this package: not to be kept, not to be changed. */
  byte[] view() {
    if (closed) {
      throw new IllegalStateException("this secret was wiped: it is used after close()");
    }
    return bytes;
  }

  /** Constant time in the bytes; the lengths are not secret. */
  @Override
  public boolean equals(Object other) {
    return other instanceof SecretBytes that && MessageDigest.isEqual(view(), that.view());
  }

  /** Only the length: a hash of a secret would tell about it. */
  @Override
  public int hashCode() {
    return bytes.length;
  }

  @Override
  public String toString() {
    return "SecretBytes[" + bytes.length + " bytes]";
  }

  @Override
  public void close() {
    closed = true;
    Arrays.fill(bytes, (byte) 0);
  }
}
