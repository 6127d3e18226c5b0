package plinius.attestation.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;

class RuntimeMeasurementTest {
  private static final Measurement IMAGE = new Measurement("11".repeat(48));

  @TempDir Path root;

  @Test
  void an_image_that_was_measured_already_is_not_measured_again() throws IOException {
    Measurement extended = RuntimeMeasurement.expected(IMAGE);
    rtmr3(extended);

    assertThat(RuntimeMeasurement.extend(root, IMAGE)).contains(extended);
    assertThat(Files.readAllBytes(root.resolve(RuntimeMeasurement.FILE)))
        .isEqualTo(extended.bytes());
  }

  @Test
  void what_another_program_measured_is_refused() throws IOException {
    rtmr3(new Measurement("22".repeat(48)));

    assertThatThrownBy(() -> RuntimeMeasurement.extend(root, IMAGE))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("another program");
  }

  @Test
  void a_kernel_without_the_register_is_told_apart() {
    assertThat(RuntimeMeasurement.extend(root, IMAGE)).isEmpty();
  }

  private void rtmr3(Measurement value) throws IOException {
    Path file = root.resolve(RuntimeMeasurement.FILE);
    Files.createDirectories(file.getParent());
    Files.write(file, value.bytes());
  }
}
