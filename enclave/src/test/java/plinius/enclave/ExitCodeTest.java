package plinius.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import plinius.attestation.AttestationException;

/** What the README's table of exit codes says of key brokers and platforms. */
class ExitCodeTest {
  @Test
  void a_fault_of_the_broker_is_told_from_its_refusals() {
    assertThat(code(new AttestationException.Refused(401, "no"))).isEqualTo(77);
    assertThat(code(new AttestationException.Refused(404, "no job"))).isEqualTo(65);
    assertThat(code(new AttestationException.Refused(409, "another run"))).isEqualTo(71);
    assertThat(code(new AttestationException.Refused(429, "later"))).isEqualTo(77);
    assertThat(code(new AttestationException.Refused(500, "its state"))).isEqualTo(70);
    assertThat(code(new AttestationException.Refused(503, "no server"))).isEqualTo(70);
    assertThat(code(new AttestationException.Unreachable("nobody"))).isEqualTo(69);
  }

  @Test
  void a_machine_that_can_prove_nothing_is_no_defect() {
    assertThat(code(new AttestationException.PlatformUnusable("no Gramine, no TSM"))).isEqualTo(73);
  }

  private static int code(Throwable failure) {
    return ExitCode.of(failure).code();
  }
}
