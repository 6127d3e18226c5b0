package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Base64Url;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwe;
import plinius.seal.jose.Jwk;

/** The two halves of a JWE, and what the enclave's refuses. */
class JweSealerTest {
  @Test
  void what_is_sealed_opens_whatever_its_length() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    KeyPair recipient = Jwk.generate();
    for (int length : new int[] {0, 1, 15, 16, 17, 1000, Jwe.PLAIN_BYTES_MAX}) {
      byte[] plain = bytes(random, length);
      try (SecretBytes back = Jwe.decrypt(recipient, seal(recipient, plain))) {
        assertThat(back.copy()).isEqualTo(plain);
      }
    }
    assertThatThrownBy(() -> seal(recipient, new byte[Jwe.PLAIN_BYTES_MAX + 1]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void the_protected_header_is_alg_enc_and_epk() {
    Map<String, Object> jwe = Json.parseObject(seal(Jwk.generate(), new byte[3]));
    Map<String, Object> header =
        Json.parseObject(Base64Url.decode(Json.string(jwe, "protected"), "header"));

    assertThat(jwe).containsOnlyKeys("protected", "encrypted_key", "iv", "ciphertext", "tag");
    assertThat(header)
        .containsOnlyKeys("alg", "enc", "epk")
        .containsEntry("alg", "ECDH-ES+A256KW")
        .containsEntry("enc", "A256GCM");
    assertThat(Json.object(header, "epk")).containsOnlyKeys("kty", "crv", "x", "y");
  }

  @Test
  void two_of_the_same_plaintext_share_nothing() {
    KeyPair recipient = Jwk.generate();
    Map<String, Object> one = Json.parseObject(seal(recipient, new byte[32]));
    Map<String, Object> two = Json.parseObject(seal(recipient, new byte[32]));
    for (String member : one.keySet()) {
      assertThat(one.get(member)).isNotEqualTo(two.get(member));
    }
  }

  @Test
  void another_private_key_is_refused() {
    String jwe = seal(Jwk.generate(), new byte[3]);
    assertThatThrownBy(() -> Jwe.decrypt(Jwk.generate(), jwe))
        .isInstanceOf(SealException.NotAuthentic.class)
        .hasMessageContaining("another key");
  }

  @Test
  void every_flipped_bit_of_every_member_is_refused() {
    KeyPair recipient = Jwk.generate();
    Map<String, Object> good = Json.parseObject(seal(recipient, new byte[5]));
    for (String member : good.keySet()) {
      byte[] bytes = Base64Url.decode(Json.string(good, member), member);
      for (int bit = 0; bit < 8 * bytes.length; bit++) {
        byte[] flipped = bytes.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        Map<String, Object> bad = new LinkedHashMap<>(good);
        bad.put(member, Base64Url.encode(flipped));
        assertThatThrownBy(() -> Jwe.decrypt(recipient, Json.write(bad)))
            .as("bit %s of %s", bit, member)
            .isInstanceOf(SealException.class);
      }
    }
  }

  @Test
  void a_member_missing_or_added_is_refused() {
    KeyPair recipient = Jwk.generate();
    Map<String, Object> good = Json.parseObject(seal(recipient, new byte[5]));
    for (String member : good.keySet()) {
      Map<String, Object> bad = new LinkedHashMap<>(good);
      bad.remove(member);
      assertMalformed(recipient, bad);
    }
    Map<String, Object> bad = new LinkedHashMap<>(good);
    bad.put("aad", "");
    assertMalformed(recipient, bad);
  }

  @Test
  void other_algorithms_and_header_members_that_change_the_meaning_are_refused() {
    assertHeaderRefused(header -> header.replace("ECDH-ES+A256KW", "ECDH-ES+A128KW"));
    assertHeaderRefused(header -> header.replace("A256GCM", "A128GCM"));
    for (String name : new String[] {"crit", "zip", "apu", "apv"}) {
      assertHeaderRefused(
          header -> header.replace("{\"alg\"", "{\"" + name + "\":\"DEF\",\"alg\""));
    }
  }

  private static void assertHeaderRefused(UnaryOperator<String> change) {
    KeyPair recipient = Jwk.generate();
    Map<String, Object> jwe = Json.parseObject(seal(recipient, new byte[5]));
    String header =
        new String(
            Base64Url.decode(Json.string(jwe, "protected"), "header"), StandardCharsets.US_ASCII);
    String changed = change.apply(header);
    assertThat(changed).isNotEqualTo(header);
    jwe.put("protected", Base64Url.encode(changed.getBytes(StandardCharsets.US_ASCII)));
    assertMalformed(recipient, jwe);
  }

  private static void assertMalformed(KeyPair recipient, Map<String, Object> jwe) {
    assertThatThrownBy(() -> Jwe.decrypt(recipient, Json.write(jwe)))
        .isInstanceOf(SealException.Malformed.class);
  }

  @Test
  void no_garbage_crashes_the_parser() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    KeyPair recipient = Jwk.generate();
    String good = seal(recipient, new byte[5]);
    for (int i = 0; i < 3000; i++) {
      StringBuilder bad = new StringBuilder(good);
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(bad.length());
        switch (random.nextInt(3)) {
          case 0 -> bad.setCharAt(at, (char) random.nextInt(0x100));
          case 1 -> bad.deleteCharAt(at);
          default -> bad.insert(at, (char) random.nextInt(0x80));
        }
      }
      try {
        Jwe.decrypt(recipient, bad.toString()).close();
        // White space between tokens is no alteration.
        assertThat(Json.parse(bad.toString())).as("%s", seed).isEqualTo(Json.parse(good));
      } catch (SealException expected) {
        assertThat(expected.getMessage()).as("%s", seed).isNotEmpty();
      }
    }
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static String seal(KeyPair recipient, byte[] plain) {
    return JweSealer.seal((ECPublicKey) recipient.getPublic(), plain);
  }
}
