package plinius.boundary;

import java.security.MessageDigest;
import java.util.Arrays;

/** An immutable run of bytes, so that a message stays what it was when it was made. */
public final class Bytes {
  private final byte[] value;

  private Bytes(byte[] value) {
    this.value = value;
  }

  public static Bytes of(byte[] value) {
    return new Bytes(value.clone());
  }

  public int length() {
    return value.length;
  }

  public byte[] array() {
    return value.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && MessageDigest.isEqual(value, that.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  /** The length only: a body that crosses the border has no business in a log. */
  @Override
  public String toString() {
    return value.length + " bytes";
  }
}
