package plinius.host;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerLinkTest {
  private static final URI BROKER = URI.create("https://127.0.0.1:1");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "xy",
        "g000000000000000000000000000000000000000000000000000000000000000"
      })
  void a_pin_that_no_broker_prints_is_a_mistake_of_usage(String pin) {
    assertThatThrownBy(() -> new BrokerLink(BROKER, pin))
        .isInstanceOf(HostException.Usage.class)
        .hasMessageContaining("64 hexadecimal digits");
  }

  /** Without TLS nobody would look at the pin. */
  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:1", "localhost:1", "broker", "https:broker"})
  void an_address_without_tls_is_a_mistake_of_usage(String address) {
    assertThatThrownBy(() -> new BrokerLink(URI.create(address), "00".repeat(32)))
        .isInstanceOf(HostException.Usage.class)
        .hasMessageContaining("https://HOST:PORT");
  }
}
