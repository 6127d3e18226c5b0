package plinius.attestation.gramine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

class GramineAttesterTest {
  private static final ReportData BOUND = new ReportData("ab".repeat(48) + "00".repeat(16));

  @TempDir Path root;
  private Path files;

  @BeforeEach
  void make_gramines_files() throws IOException {
    files = Files.createDirectories(root.resolve("dev/attestation/keys")).getParent();
    Files.writeString(files.resolve("attestation_type"), "dcap");
    Files.write(files.resolve("quote"), new byte[] {1, 2, 3});
    byte[] targetInfo = new byte[512];
    Arrays.fill(targetInfo, 0, 32, (byte) 0x5a);
    Files.write(files.resolve("my_target_info"), targetInfo);
    Files.write(files.resolve("keys/_sgx_mrenclave"), new byte[16]);
  }

  @Test
  void the_report_data_is_written_and_the_quote_is_read() throws IOException {
    var evidence = attester().attest(BOUND);

    assertThat(Files.readAllBytes(files.resolve("user_report_data"))).isEqualTo(BOUND.bytes());
    assertThat(evidence.kind()).isEqualTo(TeeKind.SGX);
    String quote = Json.string(Json.parseObject(evidence.primary()), "quote");
    assertThat(Base64.getDecoder().decode(quote)).containsExactly(1, 2, 3);
  }

  @Test
  void the_measurement_is_the_enclaves() {
    assertThat(attester().measurement()).isEqualTo(new Measurement("5a".repeat(32)));
  }

  @Test
  void the_sealing_key_follows_from_the_processors_and_is_not_it() throws IOException {
    byte[] first = sealingKey();
    Files.write(
        files.resolve("keys/_sgx_mrenclave"),
        new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});

    assertThat(first).hasSize(32).isNotEqualTo(new byte[32]).isNotEqualTo(sealingKey());
  }

  @Test
  void without_a_key_of_the_processor_there_is_none() throws IOException {
    Files.write(files.resolve("keys/_sgx_mrenclave"), new byte[0]);

    assertThat(attester().sealingKey()).isEmpty();
  }

  @Test
  void gramine_without_sgx_is_no_platform() throws IOException {
    Files.writeString(files.resolve("attestation_type"), "none");

    assertThat(GramineAttester.find(root)).isEmpty();
    assertThat(GramineAttester.find(root.resolve("elsewhere"))).isEmpty();
  }

  @Test
  void a_quote_that_is_missing_or_empty_is_an_error_that_says_so() throws IOException {
    Files.write(files.resolve("quote"), new byte[0]);
    assertThatThrownBy(() -> attester().attest(BOUND))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("0 bytes");

    Files.delete(files.resolve("quote"));
    assertThatThrownBy(() -> attester().attest(BOUND))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("sgx.remote_attestation");
  }

  private GramineAttester attester() {
    return GramineAttester.find(root).orElseThrow();
  }

  private byte[] sealingKey() {
    try (SecretBytes key = attester().sealingKey().orElseThrow()) {
      return key.copy();
    }
  }
}
