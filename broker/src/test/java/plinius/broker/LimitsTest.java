package plinius.broker;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LimitsTest {
  @Test
  void a_session_that_ends_as_it_begins_serves_nobody() {
    assertThatThrownBy(() -> new Limits(1024, 1, 1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
