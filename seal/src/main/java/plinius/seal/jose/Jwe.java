package plinius.seal.jose;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.SecretKeySpec;
import plinius.seal.Digests;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * Opens JSON Web Encryption (RFC 7516, RFC 7518) in the one form of the Key Broker Service
 * protocol: ECDH-ES+A256KW on P-256, A256GCM, flattened JSON, the protected header being alg, enc
 * and epk.
 *
 * <p>Whoever has the private key reads it; anyone can write one: who wrote it must be shown inside.
 * The broker, which does, has the other half.
 */
public final class Jwe {
  /** Agreement on the key that wraps the content's key. */
  public static final String ALG = "ECDH-ES+A256KW";

  /** Encryption of the content. */
  public static final String ENC = "A256GCM";

  private static final int KEY_BYTES = 32;
  private static final int IV_BYTES = 12;
  private static final int TAG_BYTES = 16;

  /** The most plain bytes. */
  public static final int PLAIN_BYTES_MAX = 256 * 1024;

  private Jwe() {}

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
    int sealedBytes = IV_BYTES + ciphertext.length + TAG_BYTES;
    byte[] sealed = ByteBuffer.allocate(sealedBytes).put(iv).put(ciphertext).put(tag).array();
    byte[] aad = protectedHeader.getBytes(StandardCharsets.US_ASCII);
    byte[] plain = new byte[ciphertext.length];
    byte[] wrapping = wrappingKey(recipient.getPrivate(), ephemeralKey(protectedHeader));
    try (SecretBytes content = unwrap(encryptedKey, wrapping);
        Unsealer unsealer = new Unsealer(content)) {
      unsealer.unseal(sealed, 0, sealedBytes, aad, plain, 0);
      return SecretBytes.owning(plain);
    } finally {
      Arrays.fill(wrapping, (byte) 0);
    }
  }

  private static SecretBytes unwrap(byte[] encryptedKey, byte[] wrapping) {
    try {
      Cipher unwrap = Cipher.getInstance("AES/KW/NoPadding");
      unwrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(wrapping, "AES"));
      return SecretBytes.owning(unwrap.unwrap(encryptedKey, "AES", Cipher.SECRET_KEY).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new SealException.NotAuthentic(
          "the JWE is not authentic: it was sealed to another key, or its key was altered");
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

  /** What either side wraps the content's key with; the caller wipes it. */
  public static byte[] wrappingKey(PrivateKey own, PublicKey other) {
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
}
