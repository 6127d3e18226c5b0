package plinius.attestation.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.jose.Json;

class TsmAttesterTest {
  private static final ReportData BOUND = new ReportData("ab".repeat(48) + "00".repeat(16));
  private static final byte[] VCEK_GUID = {
    (byte) 0x8d,
    0x75,
    (byte) 0xda,
    0x63,
    0x64,
    (byte) 0xe6,
    0x64,
    0x45,
    (byte) 0xad,
    (byte) 0xc5,
    (byte) 0xf4,
    (byte) 0xb9,
    0x3b,
    (byte) 0xe8,
    (byte) 0xac,
    (byte) 0xcd
  };

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
  void an_snp_machine_gives_its_report_field_by_field_and_the_hosts_certificates() {
    FakeConfigFs kernel =
        new FakeConfigFs("sev_guest", in -> snp(5, 0x19, in), table(new byte[] {7, -1}));
    var attester = TsmAttester.find(kernel).orElseThrow();

    var evidence = attester.attest(BOUND);

    assertThat(evidence.kind()).isEqualTo(TeeKind.SNP);
    Map<String, Object> primary = Json.parseObject(evidence.primary());
    Map<String, Object> report = Json.object(primary, "attestation_report");
    assertThat(Json.number(report, "version")).isEqualTo(5);
    assertThat(Json.list(report, "report_data").subList(0, 49))
        .startsWith(0xabL)
        .endsWith(0xabL, 0L);
    assertThat(Json.list(report, "measurement")).hasSize(48).containsOnly(0x5aL);
    assertThat(Json.object(report, "reported_tcb"))
        .containsEntry("fmc", Json.Null.NULL)
        .containsEntry("bootloader", 1L)
        .containsEntry("tee", 2L)
        .containsEntry("snp", 7L)
        .containsEntry("microcode", 8L);
    assertThat(Json.number(report, "launch_mit_vector")).isEqualTo(9);
    assertThat(Json.asObject(Json.list(primary, "cert_chain").getFirst(), "certificate"))
        .containsEntry("cert_type", "VCEK")
        .containsEntry("data", List.of(7L, 255L));
    assertThat(attester.measurement()).isEqualTo(new Measurement("5a".repeat(48)));
  }

  @Test
  void turins_version_numbers_begin_with_the_fmc() {
    FakeConfigFs kernel = new FakeConfigFs("sev_guest", in -> snp(3, 0x1a, in), new byte[0]);

    Map<String, Object> primary =
        Json.parseObject(TsmAttester.find(kernel).orElseThrow().attest(BOUND).primary());

    Map<String, Object> report = Json.object(primary, "attestation_report");
    assertThat(Json.object(report, "reported_tcb"))
        .containsEntry("fmc", 1L)
        .containsEntry("bootloader", 2L)
        .containsEntry("tee", 3L)
        .containsEntry("snp", 4L)
        .containsEntry("microcode", 8L);
    assertThat(report).containsEntry("launch_mit_vector", Json.Null.NULL);
    assertThat(primary).containsEntry("cert_chain", Json.Null.NULL);
  }

  @Test
  void the_oldest_reports_say_no_processor() {
    FakeConfigFs kernel = new FakeConfigFs("sev_guest", in -> snp(2, 0, in), new byte[0]);

    Map<String, Object> primary =
        Json.parseObject(TsmAttester.find(kernel).orElseThrow().attest(BOUND).primary());

    assertThat(Json.object(primary, "attestation_report"))
        .containsEntry("cpuid_fam_id", Json.Null.NULL);
  }

  @Test
  void what_the_host_made_up_is_refused_by_its_place() {
    byte[] beyond = table(new byte[2]);
    beyond[16] = 127;
    FakeConfigFs kernel = new FakeConfigFs("sev_guest", in -> snp(3, 0x19, in), beyond);

    assertThatThrownBy(() -> TsmAttester.find(kernel).orElseThrow().attest(BOUND))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("certificate table");

    FakeConfigFs shortened = new FakeConfigFs("sev_guest", in -> new byte[100], new byte[0]);
    assertThatThrownBy(() -> TsmAttester.find(shortened).orElseThrow().attest(BOUND))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("100 bytes");
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

  private static byte[] snp(int version, int family, byte[] inblob) {
    ByteBuffer report = ByteBuffer.allocate(1184).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, version);
    report.put(0x50, inblob);
    java.util.Arrays.fill(report.array(), 0x90, 0xc0, (byte) 0x5a);
    report.put(0x180, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    report.put(0x188, (byte) family);
    report.putLong(0x1f8, 9);
    return report.array();
  }

  private static byte[] table(byte[] certificate) {
    ByteBuffer table = ByteBuffer.allocate(48 + certificate.length).order(ByteOrder.LITTLE_ENDIAN);
    table.put(VCEK_GUID).putInt(48).putInt(certificate.length);
    table.put(48, certificate);
    return table.array();
  }

  private static byte[] quote(String primary) {
    return Base64.getDecoder().decode(Json.string(Json.parseObject(primary), "quote"));
  }
}
