package plinius.seal.jose;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import plinius.seal.Digests;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;

/**
 * JSON Web Encryption (RFC 7516, RFC 7518) in the one form of the Key Broker Service protocol:
 * ECDH-ES+A256KW on P-256, A256GCM, flattened JSON, the protected header being alg, enc and epk.
 *
 * <p>Whoever has the private key reads it; anyone can write one: who wrote it must be shown inside.
 */
public final class Jwe {
  static final String ALG = "ECDH-ES+A256KW";
  static final String ENC = "A256GCM";

  private static final int KEY_BYTES = 32;
  private static final int IV_BYTES = 12;
  private static final int TAG_BYTES = 16;

  /** The most plain bytes. */
  public static final int PLAIN_BYTES_MAX = 256 * 1024;

  private Jwe() {}

  /** Seals to a public key, under a key of its own each time; returns the flattened JSON. */
  public static String encrypt(ECPublicKey recipient, byte[] plain) {
    if (plain.length > PLAIN_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a JWE holds at most " + PLAIN_BYTES_MAX + " bytes, got " + plain.length);
    }
    Jwk.checkCurve(recipient);
    KeyPair ephemeral = Jwk.generate();
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("alg", ALG);
    header.put("enc", ENC);
    header.put("epk", Jwk.toMap((ECPublicKey) ephemeral.getPublic()));
    String protectedHeader = Base64Url.encode(Json.write(header).getBytes(StandardCharsets.UTF_8));
    try (SecretBytes contentKey = SecretBytes.random(KEY_BYTES);
        SecretBytes iv = SecretBytes.random(IV_BYTES)) {
      byte[] content = contentKey.copy();
      byte[] wrapping = wrappingKey(ephemeral.getPrivate(), recipient);
      try {
        Cipher wrap = Cipher.getInstance("AES/KW/NoPadding");
        wrap.init(Cipher.WRAP_MODE, new SecretKeySpec(wrapping, "AES"));
        byte[] encryptedKey = wrap.wrap(new SecretKeySpec(content, "AES"));
        Cipher gcm = gcm(Cipher.ENCRYPT_MODE, content, iv.copy(), protectedHeader);
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

  /**
   * Opens a JWE.
   *
   * @throws SealException.Malformed if it is not of the one form
   * @throws SealException.NotAuthentic if it was sealed to another key, or altered
   */
  public static SecretBytes decrypt(KeyPair recipient, String json) {
    Map<String, Object> jwe = Json.parseObject(json);
    List<String> members = List.of("protected", "encrypted_key", "iv", "ciphertext", "tag");
    if (!members.containsAll(jwe.keySet())) {
      throw new SealException.Malformed("bad JWE: a member beyond " + members);
    }
    String protectedHeader = Json.string(jwe, "protected");
    byte[] encryptedKey = part(jwe, "encrypted_key", KEY_BYTES + 8, KEY_BYTES + 8);
    byte[] iv = part(jwe, "iv", IV_BYTES, IV_BYTES);
    byte[] ciphertext = part(jwe, "ciphertext", 0, PLAIN_BYTES_MAX);
    byte[] tag = part(jwe, "tag", TAG_BYTES, TAG_BYTES);
    byte[] sealed = Arrays.copyOf(ciphertext, ciphertext.length + TAG_BYTES);
    System.arraycopy(tag, 0, sealed, ciphertext.length, TAG_BYTES);

    byte[] wrapping = wrappingKey(recipient.getPrivate(), ephemeralKey(protectedHeader));
    byte[] content = null;
    byte[] plain = null;
    try {
      Cipher unwrap = Cipher.getInstance("AES/KW/NoPadding");
      unwrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(wrapping, "AES"));
      content = unwrap.unwrap(encryptedKey, "AES", Cipher.SECRET_KEY).getEncoded();
      plain = gcm(Cipher.DECRYPT_MODE, content, iv, protectedHeader).doFinal(sealed);
      return SecretBytes.copyOf(plain);
    } catch (AEADBadTagException e) {
      throw new SealException.NotAuthentic("the JWE is not authentic: its tag does not fit");
    } catch (InvalidKeyException e) {
      throw new SealException.NotAuthentic(
          "the JWE is not authentic: it was sealed to another key, or its key was altered");
    } catch (GeneralSecurityException e) {
      throw new SealException.NotAuthentic("the JWE is not authentic: it does not open");
    } finally {
      wipe(wrapping);
      wipe(content);
      wipe(plain);
    }
  }

  private static ECPublicKey ephemeralKey(String protectedHeader) {
    byte[] utf8 = Base64Url.decode(protectedHeader, "the protected header of a JWE");
    Map<String, Object> header = Json.parseObject(utf8);
    if (!Json.string(header, "alg").equals(ALG) || !Json.string(header, "enc").equals(ENC)) {
      throw new SealException.Malformed("bad JWE: only alg " + ALG + " with enc " + ENC);
    }
    // Each of these would change what the rest means.
    for (String name : List.of("crit", "zip", "apu", "apv")) {
      if (header.containsKey(name)) {
        throw new SealException.Malformed("bad JWE: its header has \"" + name + "\"");
      }
    }
    return Jwk.fromMap(Json.object(header, "epk"));
  }

  private static byte[] part(Map<String, Object> jwe, String name, int min, int max) {
    byte[] bytes = Base64Url.decode(Json.string(jwe, name), "\"" + name + "\" of a JWE");
    if (bytes.length < min || bytes.length > max) {
      throw new SealException.Malformed(
          "bad JWE: \"" + name + "\" has " + bytes.length + " bytes, want " + min + " to " + max);
    }
    return bytes;
  }

  private static Cipher gcm(int mode, byte[] key, byte[] iv, String aad)
      throws GeneralSecurityException {
    Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
    gcm.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(8 * TAG_BYTES, iv));
    gcm.updateAAD(aad.getBytes(StandardCharsets.US_ASCII));
    return gcm;
  }

  private static byte[] wrappingKey(PrivateKey own, PublicKey other) {
    byte[] shared = agree(own, other);
    try {
      return concatKdf(shared, ALG, new byte[0], new byte[0], 8 * KEY_BYTES);
    } finally {
      Arrays.fill(shared, (byte) 0);
    }
  }

  static byte[] agree(PrivateKey own, PublicKey other) {
    try {
      KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
      agreement.init(own);
      agreement.doPhase(other, true);
      return agreement.generateSecret();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot agree on a P-256 key", e);
    }
  }

  /**
   * The Concat KDF of NIST SP 800-56A section 5.8.1 with SHA-256 as RFC 7518 section 4.6.2 uses it,
   * for at most 256 bits: one round of the hash.
   */
  static byte[] concatKdf(byte[] shared, String algorithm, byte[] apu, byte[] apv, int bits) {
    byte[] name = algorithm.getBytes(StandardCharsets.US_ASCII);
    int bytes = 20 + shared.length + name.length + apu.length + apv.length;
    ByteBuffer input = ByteBuffer.allocate(bytes).putInt(1).put(shared);
    for (byte[] part : List.of(name, apu, apv)) {
      input.putInt(part.length).put(part);
    }
    input.putInt(bits);
    byte[] hash = Digests.sha256().digest(input.array());
    Arrays.fill(input.array(), (byte) 0);
    return Arrays.copyOf(hash, bits / 8);
  }

  private static void wipe(byte[] secret) {
    if (secret != null) {
      Arrays.fill(secret, (byte) 0);
    }
  }
}
