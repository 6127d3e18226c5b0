package plinius.seal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * Bytes that nobody may see: compared in constant time, never printed, wiped when closed. They lie
 * outside the heap, so the garbage collector neither moves nor copies them.
 *
 * <p>The JDK's ciphers keep expanded keys of their own in the heap while they are in use: against
 * someone who reads the process's memory, only the enclave's walls help.
 */
public final class SecretBytes implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final MemorySegment bytes;
  private volatile boolean closed;

  private SecretBytes(byte[] bytes) {
    this.bytes = Arena.ofAuto().allocate(bytes.length);
    MemorySegment.copy(bytes, 0, this.bytes, ValueLayout.JAVA_BYTE, 0, bytes.length);
  }

  /** Copies; the caller wipes what it gave. */
  public static SecretBytes copyOf(byte[] bytes) {
    return new SecretBytes(bytes);
  }

  /** Takes the bytes over and wipes the array. */
  public static SecretBytes owning(byte[] bytes) {
    SecretBytes secret = new SecretBytes(bytes);
    Arrays.fill(bytes, (byte) 0);
    return secret;
  }

  /** Fresh random bytes. */
  public static SecretBytes random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return owning(bytes);
  }

  public int length() {
    return Math.toIntExact(bytes.byteSize());
  }

  /** A copy, which the caller wipes. */
  public byte[] copy() {
    if (closed) {
      throw new IllegalStateException("this secret was wiped: it is used after close()");
    }
    return bytes.toArray(ValueLayout.JAVA_BYTE);
  }

  /** The same secret, closed on its own. */
  public SecretBytes duplicate() {
    return owning(copy());
  }

  /**
   * As a key of the JDK, which asks for the bytes each time: SunJCE wipes what it asked for when it
   * has expanded it.
   */
  SecretKey asKey(String algorithm) {
    return new Key(this, algorithm);
  }

  /** Constant time in the bytes; the lengths are not secret. */
  @Override
  public boolean equals(Object other) {
    if (!(other instanceof SecretBytes that) || that.length() != length()) {
      return false;
    }
    int difference = closed || that.closed ? 1 : 0;
    for (int i = 0; i < length(); i++) {
      difference |= bytes.get(ValueLayout.JAVA_BYTE, i) ^ that.bytes.get(ValueLayout.JAVA_BYTE, i);
    }
    return difference == 0;
  }

  /** Only the length: a hash of a secret would tell about it. */
  @Override
  public int hashCode() {
    return length();
  }

  @Override
  public String toString() {
    return "SecretBytes[" + length() + " bytes]";
  }

  @Override
  public void close() {
    closed = true;
    bytes.fill((byte) 0);
  }

  /** Raw, so that a provider takes the bytes; never serialized: it has none to write. */
  private record Key(SecretBytes secret, String algorithm) implements SecretKey {
    @Override
    public String getAlgorithm() {
      return algorithm;
    }

    @Override
    public String getFormat() {
      return "RAW";
    }

    @Override
    public byte[] getEncoded() {
      return secret.copy();
    }
  }
}
