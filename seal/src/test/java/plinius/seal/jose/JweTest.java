package plinius.seal.jose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPrivateKeySpec;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;

class JweTest {
  /** RFC 7518 appendix C. */
  private static final String ALICE_X = "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0";

  private static final String ALICE_Y = "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps";
  private static final String ALICE_D = "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo";
  private static final String BOB_X = "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ";
  private static final String BOB_Y = "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck";
  private static final String BOB_D = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";

  @Test
  void rfc_7518_appendix_c_derives_its_key_from_both_sides() {
    KeyPair alice = pair(ALICE_X, ALICE_Y, ALICE_D);
    KeyPair bob = pair(BOB_X, BOB_Y, BOB_D);
    for (byte[] shared :
        new byte[][] {
          Jwe.agree(alice.getPrivate(), bob.getPublic()),
          Jwe.agree(bob.getPrivate(), alice.getPublic())
        }) {
      byte[] key =
          Jwe.concatKdf(
              shared,
              "A128GCM",
              "Alice".getBytes(StandardCharsets.US_ASCII),
              "Bob".getBytes(StandardCharsets.US_ASCII),
              128);
      assertThat(Base64Url.encode(key)).isEqualTo("VqqN6vgjbSBcIijNcacQGg");
    }
  }

  /** Made by Python's cryptography from the sources of Trustee's Key Broker Service 0.4.0. */
  @Test
  void a_jwe_of_the_key_broker_service_opens() {
    KeyPair tee =
        pair(
            "rXx0MiGAZ204gw-jupKixKUSXHXnsge57JvWLxBjGEM",
            "IM-tTdMDqVr153Tr35LpYxr2lEcNT-m_vAJ2gXpjpRo",
            "eTVymvMprafjuDsbI1e37T9GXE27SL-mfuCiNjkwuXQ");
    String jwe =
        """
        {"protected":"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJsdDBocVFLeTJnejlMOTdoWHZtck1iSXlNRFpQcWd0QllLcFpLUGcwQWlvIiwieSI6Im5hZU53NlJpeUFFLWhEcFppVXpYMzVQaEczYlpVRFQxc0ltLVIxX1V4SkkifX0",
         "encrypted_key":"4cHBdS4KH6GdEdRiZGL2Q6B0ZAKbucPYaqK3_1WNlLlEiBJZALiUIA",
         "iv":"QiPH0MpOPd0tFXWv",
         "ciphertext":"dFyYQ2ZFSJoCW90ZAfSgGlccw1xTXcVUTetrhS8aY5s",
         "tag":"yR0MeNulhLp2MNhIlELjrQ"}
        """;
    try (SecretBytes plain = Jwe.decrypt(tee, jwe)) {
      assertThat(plain.copy())
          .isEqualTo(Base64.getDecoder().decode("5mfdn2YH5ELMeW+jwfyZN+22uJPse7A+lyMoonndzZA="));
    }
  }

  @Test
  void a_second_spelling_of_the_same_bytes_is_refused() {
    for (String text : new String[] {"AA==", "AB", "A", "A A", "+/8", "AA\n", "é"}) {
      assertThatThrownBy(() -> Base64Url.decode(text, "it"))
          .isInstanceOf(SealException.Malformed.class);
    }
    assertThat(Base64Url.decode("-_8", "it")).containsExactly(0xfb, 0xff);
  }

  @Test
  void a_jwk_goes_there_and_back() {
    for (int i = 0; i < 50; i++) {
      ECPublicKey key = (ECPublicKey) Jwk.generate().getPublic();
      assertThat(Jwk.fromMap(Jwk.toMap(key)).getW()).isEqualTo(key.getW());
    }
  }

  @Test
  void a_point_off_the_curve_is_refused() {
    Map<String, Object> jwk = new LinkedHashMap<>(jwk(BOB_X, BOB_Y));
    jwk.put("y", ALICE_Y);
    assertThatThrownBy(() -> Jwk.fromMap(jwk))
        .isInstanceOf(SealException.Malformed.class)
        .hasMessageContaining("not on P-256");
  }

  @Test
  void coordinates_beyond_the_field_or_of_another_length_and_other_curves_are_refused() {
    String ones = Base64Url.encode(new BigInteger("f".repeat(64), 16).toByteArray());
    for (Map<String, Object> bad :
        java.util.List.<Map<String, Object>>of(
            jwk(ones.substring(2), BOB_Y),
            jwk(Base64Url.encode(filled(32)), BOB_Y),
            jwk(BOB_X.substring(4), BOB_Y),
            jwk("", ""),
            Map.of("kty", "EC", "crv", "P-384", "x", BOB_X, "y", BOB_Y),
            Map.of("kty", "RSA", "crv", "P-256", "x", BOB_X, "y", BOB_Y),
            Map.of("kty", "EC", "crv", "P-256", "x", BOB_X))) {
      assertThatThrownBy(() -> Jwk.fromMap(bad)).isInstanceOf(SealException.Malformed.class);
    }
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) 0xff);
    return bytes;
  }

  private static Map<String, Object> jwk(String x, String y) {
    return Map.of("kty", "EC", "crv", "P-256", "x", x, "y", y);
  }

  private static KeyPair pair(String x, String y, String d) {
    ECPublicKey publicKey = Jwk.fromMap(jwk(x, y));
    BigInteger s = new BigInteger(1, Base64Url.decode(d, "d"));
    try {
      ECPrivateKey privateKey =
          (ECPrivateKey)
              KeyFactory.getInstance("EC")
                  .generatePrivate(new ECPrivateKeySpec(s, publicKey.getParams()));
      return new KeyPair(publicKey, privateKey);
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
