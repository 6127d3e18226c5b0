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
    for (int i = 0; i < hex.length(); i++) {
      char digit = hex.charAt(i);
      if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f')) {
        throw new IllegalArgumentException(
            what + " is not lower-case hexadecimal at digit " + i + ": " + hex);
      }
    }
  }
}
