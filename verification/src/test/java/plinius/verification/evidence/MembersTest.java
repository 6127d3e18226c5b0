package plinius.verification.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.seal.jose.Json;

class MembersTest {
  @Test
  void members_of_the_wrong_type_or_missing_are_named() {
    Map<String, Object> object = Json.parseObject("{\"s\":\"x\",\"n\":1,\"l\":[2]}");

    assertThat(Members.number(object, "n")).isEqualTo(1);
    assertThat(Members.list(object, "l")).containsExactly(2L);
    assertThatThrownBy(() -> Members.number(object, "s"))
        .hasMessageContaining("\"s\" is not an integer");
    assertThatThrownBy(() -> Members.number(object, "x")).hasMessageContaining("\"x\" is missing");
    assertThatThrownBy(() -> Members.list(object, "n")).hasMessageContaining("not an array");
  }
}
