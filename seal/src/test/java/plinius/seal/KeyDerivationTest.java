package plinius.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class KeyDerivationTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void rfc_5869_case_1() {
    assertHkdf(
        "0b".repeat(22),
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  }

  @Test
  void rfc_5869_case_2_of_long_inputs() {
    assertHkdf(
        range(0x00, 0x50),
        range(0x60, 0xb0),
        range(0xb0, 0x100),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  }

  @Test
  void rfc_5869_case_3_of_empty_salt_and_info() {
    assertHkdf(
        "0b".repeat(22),
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  }

  /** Computed by Python's hmac: a change of info's form would orphan all that was ever sealed. */
  @Test
  void label_and_parts_keep_their_form() {
    try (SecretBytes key = SecretBytes.copyOf(HEX.parseHex(range(0, 32)));
        SecretBytes derived =
            KeyDerivation.derive(
                key,
                HEX.parseHex(range(0, 16)),
                "plinius/state",
                "ab".getBytes(StandardCharsets.US_ASCII),
                "c".getBytes(StandardCharsets.US_ASCII))) {
      assertThat(HEX.formatHex(derived.copy()))
          .isEqualTo("6c8e3f99c6c8d026ac38711da0015efa9291b47cfba3fe82f93fa5fd947c79c5");
    }
  }

  @Test
  void parts_that_join_to_the_same_bytes_are_told_apart() {
    byte[] ab = {1, 2};
    byte[] c = {3};
    byte[] a = {1};
    byte[] bc = {2, 3};

    assertThat(KeyDerivation.info("l", ab, c)).isNotEqualTo(KeyDerivation.info("l", a, bc));
    assertThat(KeyDerivation.info("l", ab)).isNotEqualTo(KeyDerivation.info("l", ab, new byte[0]));
    assertThat(KeyDerivation.info("l" + "x"))
        .isNotEqualTo(KeyDerivation.info("l", new byte[] {'x'}));
  }

  @Test
  void an_empty_label_is_refused() {
    assertThatThrownBy(() -> KeyDerivation.info("")).isInstanceOf(IllegalArgumentException.class);
  }

  private static void assertHkdf(String key, String salt, String info, String okm) {
    try (SecretBytes secret = SecretBytes.copyOf(HEX.parseHex(key))) {
      byte[] derived = KeyDerivation.hkdf(secret, HEX.parseHex(salt), HEX.parseHex(info));
      assertThat(okm).startsWith(HEX.formatHex(derived)); // of which we never take more
    }
  }

  private static String range(int from, int to) {
    byte[] bytes = new byte[to - from];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (from + i);
    }
    return HEX.formatHex(bytes);
  }
}
