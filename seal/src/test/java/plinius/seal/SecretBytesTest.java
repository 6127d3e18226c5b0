package plinius.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SecretBytesTest {
  @Test
  void printing_reveals_nothing() {
    try (SecretBytes secret = SecretBytes.copyOf(new byte[] {0x5a, 0x5a})) {
      assertThat(secret.toString()).isEqualTo("SecretBytes[2 bytes]");
    }
  }

  @Test
  void closing_wipes_and_refuses_further_use() {
    byte[] bytes = {1, 2, 3};
    SecretBytes secret = SecretBytes.owning(bytes);

    secret.close();

    assertThat(bytes).containsOnly(0);
    assertThatThrownBy(secret::copy).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_duplicate_outlives_the_original() {
    SecretBytes secret = SecretBytes.copyOf(new byte[] {1, 2, 3});
    try (SecretBytes duplicate = secret.duplicate()) {
      secret.close();
      assertThat(duplicate.copy()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void equal_bytes_are_equal_and_others_not() {
    try (SecretBytes a = SecretBytes.copyOf(new byte[] {1, 2});
        SecretBytes b = SecretBytes.copyOf(new byte[] {1, 2});
        SecretBytes c = SecretBytes.copyOf(new byte[] {1, 3});
        SecretBytes d = SecretBytes.copyOf(new byte[] {1, 2, 0})) {
      assertThat(a).isEqualTo(b).hasSameHashCodeAs(b).isNotEqualTo(c).isNotEqualTo(d);
    }
  }

  @Test
  void an_id_goes_through_text_and_bytes() {
    Id128 id = Id128.random();
    assertThat(Id128.parse(id.toString())).isEqualTo(id);
    assertThat(Id128.of(id.bytes())).isEqualTo(id);
    assertThat(new Id128(1, -1).toString()).isEqualTo("0000000000000001ffffffffffffffff");
  }

  @Test
  void what_is_no_id_is_refused() {
    for (String bad : new String[] {"", "0", "g".repeat(32), "A".repeat(32), "0".repeat(33)}) {
      assertThatThrownBy(() -> Id128.parse(bad)).isInstanceOf(SealException.Malformed.class);
    }
    assertThatThrownBy(() -> Id128.of(new byte[15])).isInstanceOf(SealException.Malformed.class);
  }
}
