package plinius.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SnpEvidenceTest {
  private static final byte[] VCEK_GUID =
      HexFormat.of().parseHex("8d75da6364e66445adc5f4b93be8accd");

  @Test
  void a_report_is_given_field_by_field_and_with_the_hosts_certificates() throws IOException {
    JsonNode primary = translated(snp(5, 0x19), table(new byte[] {7, -1}));

    JsonNode report = primary.get("attestation_report");
    assertThat(report.get("version").asInt()).isEqualTo(5);
    assertThat(report.get("report_data").size()).isEqualTo(64);
    assertThat(report.get("report_data").get(47).asInt()).isEqualTo(0xab);
    assertThat(report.get("report_data").get(48).asInt()).isZero();
    assertThat(report.get("measurement")).hasSize(48).allMatch(each -> each.asInt() == 0x5a);
    assertThat(report.get("reported_tcb"))
        .hasToString("{\"fmc\":null,\"bootloader\":1,\"tee\":2,\"snp\":7,\"microcode\":8}");
    assertThat(report.get("launch_mit_vector").asLong()).isEqualTo(9);
    assertThat(report.get("signature").get("s").get(71).asInt()).isEqualTo(0xee);
    assertThat(primary.get("cert_chain"))
        .hasToString("[{\"cert_type\":\"VCEK\",\"data\":[7,255]}]");
  }

  @Test
  void turins_version_numbers_begin_with_the_fmc() throws IOException {
    JsonNode primary = translated(snp(3, 0x1a), new byte[0]);

    JsonNode report = primary.get("attestation_report");
    assertThat(report.get("reported_tcb"))
        .hasToString("{\"fmc\":1,\"bootloader\":2,\"tee\":3,\"snp\":4,\"microcode\":8}");
    assertThat(report.get("launch_mit_vector").isNull()).isTrue();
    assertThat(primary.get("cert_chain").isNull()).isTrue();
  }

  @Test
  void the_oldest_reports_say_no_processor() throws IOException {
    JsonNode report = translated(snp(2, 0), new byte[0]).get("attestation_report");

    assertThat(report.get("cpuid_fam_id").isNull()).isTrue();
  }

  @Test
  void all_other_messages_stay_as_they_are() {
    String other =
        "{\"runtime-data\":{\"nonce\":\"n\",\"big\":9223372036854775807},\"tee-evidence\":"
            + "{\"primary_evidence\":{\"quote\":\"AAAA\",\"cc_eventlog\":null}},\"a\":[true,\"b\"]}";

    assertThat(new String(SnpEvidence.translate(utf8(other)), StandardCharsets.UTF_8))
        .isEqualTo(other);
  }

  @Test
  void what_cannot_be_a_report_is_refused_by_its_size() {
    byte[] beyond = table(new byte[2]);
    beyond[16] = 127;
    assertThatThrownBy(() -> translated(snp(3, 0x19), beyond))
        .isInstanceOf(HostException.Internal.class)
        .hasMessageContaining("certificate table of 50 bytes names one at 127 of 2");
    assertThatThrownBy(() -> translated(new byte[100], new byte[0]))
        .isInstanceOf(HostException.Internal.class)
        .hasMessageContaining("100 bytes");
  }

  private static JsonNode translated(byte[] report, byte[] table) throws IOException {
    String text =
        "{\"attestation_report\":\"%s\",\"cert_table\":\"%s\"}"
            .formatted(base64(report), base64(table));
    return new ObjectMapper().readTree(SnpEvidence.translate(utf8(text)));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] snp(int version, int family) {
    ByteBuffer report = ByteBuffer.allocate(1184).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, version);
    Arrays.fill(report.array(), 0x50, 0x80, (byte) 0xab);
    Arrays.fill(report.array(), 0x90, 0xc0, (byte) 0x5a);
    report.put(0x180, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    report.put(0x188, (byte) family);
    report.putLong(0x1f8, 9);
    report.put(0x2e8 + 71, (byte) 0xee);
    return report.array();
  }

  private static byte[] table(byte[] certificate) {
    ByteBuffer table = ByteBuffer.allocate(48 + certificate.length).order(ByteOrder.LITTLE_ENDIAN);
    table.put(VCEK_GUID).putInt(48).putInt(certificate.length);
    table.put(48, certificate);
    return table.array();
  }
}
