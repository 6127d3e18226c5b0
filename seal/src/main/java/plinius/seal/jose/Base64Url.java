package plinius.seal.jose;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import plinius.seal.SealException;

/** Base64url without padding (RFC 7515 section 2), one text for each value: no other is taken. */
public final class Base64Url {
  private Base64Url() {}

  public static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  public static byte[] decode(String text, String what) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
      if (encode(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Said below, without the text: it may be a secret's.
    }
    throw new SealException.Malformed(what + " is not base64url without padding");
  }
}
