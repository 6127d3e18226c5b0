package plinius.attestation;

/** The one rule for values that are fixed numbers of bytes written in hexadecimal. */
public final class Hex {
  private Hex() {}

  /** Refuses anything but {@code bytes} bytes in lower-case digits, so that equal means equal. */
  public static void requireBytes(String what, String hex, int bytes) {
    if (hex.length() != 2 * bytes) {
      throw new IllegalArgumentException(
          what + " has " + hex.length() + " hexadecimal digits, want " + 2 * bytes);
    }
    if (!hex.matches("[0-9a-f]*")) {
      throw new IllegalArgumentException(what + " is not lower-case hexadecimal: " + hex);
    }
  }
}
