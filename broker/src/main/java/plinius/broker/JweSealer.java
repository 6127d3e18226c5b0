package plinius.broker;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Base64Url;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwe;
import plinius.seal.jose.Jwk;

/**
 * Writes what {@link Jwe} opens. Of the broker alone, so that no enclave holds it; the only cipher
 * outside of seal, under a key that it draws itself and uses once.
 */
final class JweSealer {
  private static final int KEY_BYTES = 32;
  private static final int IV_BYTES = 12;
  private static final int TAG_BYTES = 16;

  private JweSealer() {}

  /** Seals to a public key, under a key of its own each time; returns the flattened JSON. */
  static String seal(ECPublicKey recipient, byte[] plain) {
    if (plain.length > Jwe.PLAIN_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a JWE holds at most " + Jwe.PLAIN_BYTES_MAX + " bytes, got " + plain.length);
    }
    KeyPair ephemeral = Jwk.generate();
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("alg", Jwe.ALG);
    header.put("enc", Jwe.ENC);
    header.put("epk", Jwk.toMap((ECPublicKey) ephemeral.getPublic()));
    String protectedHeader = Base64Url.encode(Json.write(header).getBytes(StandardCharsets.UTF_8));
    try (SecretBytes contentKey = SecretBytes.random(KEY_BYTES);
        SecretBytes iv = SecretBytes.random(IV_BYTES)) {
      byte[] content = contentKey.copy();
      byte[] wrapping = Jwe.wrappingKey(ephemeral.getPrivate(), recipient);
      try {
        Cipher wrap = Cipher.getInstance("AES/KW/NoPadding");
        wrap.init(Cipher.WRAP_MODE, new SecretKeySpec(wrapping, "AES"));
        byte[] encryptedKey = wrap.wrap(new SecretKeySpec(content, "AES"));
        Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
        gcm.init(
            Cipher.ENCRYPT_MODE,
            new SecretKeySpec(content, "AES"),
            new GCMParameterSpec(8 * TAG_BYTES, iv.copy()));
        gcm.updateAAD(protectedHeader.getBytes(StandardCharsets.US_ASCII));
        byte[] sealed = gcm.doFinal(plain);
        int textBytes = sealed.length - TAG_BYTES;
        Map<String, Object> jwe = new LinkedHashMap<>();
        jwe.put("protected", protectedHeader);
        jwe.put("encrypted_key", Base64Url.encode(encryptedKey));
        jwe.put("iv", Base64Url.encode(iv.copy()));
        jwe.put("ciphertext", Base64Url.encode(Arrays.copyOf(sealed, textBytes)));
        jwe.put("tag", Base64Url.encode(Arrays.copyOfRange(sealed, textBytes, sealed.length)));
        return Json.write(jwe);
      } finally {
        Arrays.fill(content, (byte) 0);
        Arrays.fill(wrapping, (byte) 0);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot make a JWE", e);
    }
  }
}
