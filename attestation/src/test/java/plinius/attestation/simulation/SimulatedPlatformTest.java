package plinius.attestation.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.testkit.tee.MadeUpSimulation;

class SimulatedPlatformTest {
  private static final Measurement CODE = Measurement.of(new byte[Measurement.BYTES]);
  private static final Measurement OTHER_CODE = new Measurement("11".repeat(Measurement.BYTES));
  private static final ReportData REPORT_DATA = new ReportData("ab".repeat(48) + "00".repeat(16));

  @TempDir Path folder;

  @Test
  void a_platform_without_keys_is_unusable() {
    assertThatThrownBy(() -> new SimulatedPlatform(folder, CODE))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("simulation.key");
  }

  @Test
  void keys_are_the_platforms_own() {
    Path platform = folder.resolve("platform");
    String first = key(new SimulatedPlatform(MadeUpSimulation.in(platform), CODE));

    assertThat(key(new SimulatedPlatform(MadeUpSimulation.in(platform), CODE))).isEqualTo(first);
    assertThat(key(new SimulatedPlatform(MadeUpSimulation.in(folder.resolve("elsewhere")), CODE)))
        .isNotEqualTo(first);
  }

  @Test
  void evidence_says_what_it_is_and_has_trustees_sample_in_it() {
    Map<String, Object> evidence =
        evidence(new SimulatedPlatform(MadeUpSimulation.in(folder), CODE));

    assertThat(evidence)
        .containsEntry("name", "SIMULATION - NOT A TEE")
        .containsEntry("svn", "1")
        .containsEntry("report_data", "q6ur".repeat(16));
    assertThat(Simulation.PROTECTS_NOTHING).contains("protects nothing");
  }

  @Test
  void the_sealing_key_is_the_codes_own_and_the_platforms_own() {
    Path elsewhere = folder.resolve("elsewhere");
    try (SecretBytes key = sealingKey(folder, CODE);
        SecretBytes again = sealingKey(folder, CODE);
        SecretBytes otherCode = sealingKey(folder, OTHER_CODE);
        SecretBytes otherPlatform = sealingKey(elsewhere, CODE)) {
      assertThat(again).isEqualTo(key);
      assertThat(otherCode).isNotEqualTo(key);
      assertThat(otherPlatform).isNotEqualTo(key);
    }
  }

  @Test
  void damaged_keys_are_named() throws IOException {
    Files.writeString(folder.resolve("simulation.key"), "SIMULATION - NOT A TEE\n!\n!\n");

    assertThatThrownBy(() -> new SimulatedPlatform(MadeUpSimulation.in(folder), CODE))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("simulation.key");
  }

  private static SecretBytes sealingKey(Path platform, Measurement code) {
    return new SimulatedPlatform(MadeUpSimulation.in(platform), code).sealingKey().orElseThrow();
  }

  private static String key(SimulatedPlatform platform) {
    return Json.write(evidence(platform).get("key"));
  }

  private static Map<String, Object> evidence(SimulatedPlatform platform) {
    return Json.parseObject(platform.attest(REPORT_DATA).primary());
  }
}
