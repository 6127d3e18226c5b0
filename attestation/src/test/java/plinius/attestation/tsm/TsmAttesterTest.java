package plinius.attestation.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.jose.Json;

class TsmAttesterTest {
  private static final ReportData BOUND = new ReportData("ab".repeat(48) + "00".repeat(16));

  @Test
  void a_tdx_machine_gives_the_quote_over_our_bytes() {
    FakeConfigFs kernel = tdx(4);

    var evidence = TsmAttester.find(kernel).orElseThrow().attest(BOUND);

    assertThat(evidence.kind()).isEqualTo(TeeKind.TDX);
    byte[] quote = quote(evidence.primary());
    assertThat(ReportData.of(java.util.Arrays.copyOfRange(quote, 48 + 520, 48 + 584)))
        .isEqualTo(BOUND);
    assertThat(kernel.open).isEmpty();
  }

  @Test
  void the_measurement_of_a_tdx_machine_is_its_mrtd_in_either_version() {
    for (int version : new int[] {4, 5}) {
      assertThat(TsmAttester.find(tdx(version)).orElseThrow().measurement())
          .as("version " + version)
          .isEqualTo(new Measurement("5a".repeat(48)));
    }
  }

  @Test
  void a_report_that_somebody_else_wrote_into_is_asked_for_again() {
    FakeConfigFs kernel = tdx(4);
    kernel.disturbed = 3;

    byte[] quote = quote(TsmAttester.find(kernel).orElseThrow().attest(BOUND).primary());

    assertThat(quote[48 + 520]).isEqualTo((byte) 0xab);
    assertThat(kernel.made).isEqualTo(5);
    assertThat(kernel.open).isEmpty();
  }

  @Test
  void a_busy_kernel_is_asked_again_and_given_up_in_the_end() {
    FakeConfigFs kernel = tdx(4);
    kernel.busy = 2;
    assertThat(TsmAttester.find(kernel).orElseThrow().attest(BOUND).primary()).isNotEmpty();

    kernel.busy = 1000;
    assertThatThrownBy(() -> TsmAttester.find(kernel).orElseThrow().attest(BOUND))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("8 attempts")
        .hasMessageContaining("busy");
    assertThat(kernel.open).isEmpty();
  }

  @Test
  void other_providers_are_no_platform_of_ours() {
    assertThat(TsmAttester.find(new FakeConfigFs("arm_cca_guest", in -> in, new byte[0])))
        .isEmpty();
  }

  @Test
  void an_snp_machine_gives_the_kernels_report_and_the_hosts_certificates() {
    FakeConfigFs kernel = new FakeConfigFs("sev_guest", TsmAttesterTest::snp, new byte[] {7, -1});
    var attester = TsmAttester.find(kernel).orElseThrow();

    var evidence = attester.attest(BOUND);

    assertThat(evidence.kind()).isEqualTo(TeeKind.SNP);
    byte[] report = member(evidence.primary(), "attestation_report");
    assertThat(report).hasSize(1184);
    assertThat(ReportData.of(java.util.Arrays.copyOfRange(report, 0x50, 0x90))).isEqualTo(BOUND);
    assertThat(member(evidence.primary(), "cert_table")).containsExactly(7, -1);
    assertThat(attester.measurement()).isEqualTo(new Measurement("5a".repeat(48)));
  }

  @Test
  void a_report_too_short_for_a_measurement_is_refused_by_its_size() {
    FakeConfigFs shortened = new FakeConfigFs("sev_guest", in -> new byte[100], new byte[0]);
    assertThatThrownBy(() -> TsmAttester.find(shortened).orElseThrow().measurement())
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("100 bytes");
  }

  private static FakeConfigFs tdx(int version) {
    int body = version == 5 ? 54 : 48;
    return new FakeConfigFs(
        "tdx_guest",
        inblob -> {
          byte[] quote = new byte[body + 584 + 4];
          quote[0] = (byte) version;
          java.util.Arrays.fill(quote, body + 136, body + 184, (byte) 0x5a);
          System.arraycopy(inblob, 0, quote, body + 520, inblob.length);
          return quote;
        },
        new byte[0]);
  }

  private static byte[] snp(byte[] inblob) {
    byte[] report = new byte[1184];
    System.arraycopy(inblob, 0, report, 0x50, inblob.length);
    java.util.Arrays.fill(report, 0x90, 0xc0, (byte) 0x5a);
    return report;
  }

  private static byte[] quote(String primary) {
    return member(primary, "quote");
  }

  private static byte[] member(String primary, String name) {
    return Base64.getDecoder().decode(Json.string(Json.parseObject(primary), name));
  }
}
