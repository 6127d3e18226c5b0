package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Measurement;
import plinius.attestation.TeeKind;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.host.SimulatedMachine;

class PlatformChoiceTest {
  private static final Measurement CODE = new Measurement("11".repeat(48));

  @TempDir Path root;

  @Test
  void a_machine_without_hardware_is_refused_and_not_simulated() {
    assertThatThrownBy(() -> attester(PlatformChoice.AUTO))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("Gramine")
        .hasMessageContaining("tdx_guest or sev_guest")
        .hasMessageContaining("by name");
    assertThatThrownBy(() -> attester(PlatformChoice.GRAMINE)).hasMessageContaining("dcap");
    assertThatThrownBy(() -> attester(PlatformChoice.TSM)).hasMessageContaining("sev_guest");
  }

  @Test
  void a_simulation_is_taken_by_name() {
    assertThat(attester(PlatformChoice.SIMULATION).kind()).isEqualTo(TeeKind.SIMULATION);
  }

  @Test
  void gramine_is_found_by_its_files() throws IOException {
    Path type = root.resolve("dev/attestation/attestation_type");
    Files.createDirectories(type.getParent());
    Files.writeString(type, "dcap\n");

    assertThat(attester(PlatformChoice.AUTO).kind()).isEqualTo(TeeKind.SGX);
    assertThat(attester(PlatformChoice.GRAMINE).kind()).isEqualTo(TeeKind.SGX);
  }

  private Attester attester(PlatformChoice platform) {
    return platform.attester(
        root, () -> new SimulatedPlatform(SimulatedMachine.made(root.resolve("simulated")), CODE));
  }
}
