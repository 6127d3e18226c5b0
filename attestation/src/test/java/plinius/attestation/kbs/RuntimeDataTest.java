package plinius.attestation.kbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against the synthetic vector made from Trustee's sources (protocol 0.4.0). */
class RuntimeDataTest {
  private static final String NONCE = "0Cz4ZRmZ/KtSBy4Vr7sZhuSfQTw3udaI1WRoGDEjnWU=";
  private static final Map<String, Object> KEY =
      Map.of(
          "kty", "EC",
          "crv", "P-256",
          "alg", "ECDH-ES+A256KW",
          "x", "rXx0MiGAZ204gw-jupKixKUSXHXnsge57JvWLxBjGEM",
          "y", "IM-tTdMDqVr153Tr35LpYxr2lEcNT-m_vAJ2gXpjpRo");

  @Test
  void report_data_is_the_sha384_of_the_canonical_json_and_zeros() {
    String reportData = new RuntimeData(NONCE, KEY).reportData("").hex();

    assertThat(reportData)
        .isEqualTo(
            "17d1e33d0e68dad76055630f675c037f34ca37ab794c25ea1d7417641f00579cced3f9891a431f0df0f306"
                + "92802465b000000000000000000000000000000000");
  }

  @Test
  void report_data_depends_on_nonce_and_key_and_additional_evidence() {
    RuntimeData data = new RuntimeData(NONCE, KEY);
    Map<String, Object> otherKey = new HashMap<>(KEY);
    otherKey.put("x", "IM-tTdMDqVr153Tr35LpYxr2lEcNT-m_vAJ2gXpjpRo");

    assertThat(
            java.util.List.of(
                data.reportData(""),
                data.reportData("x"),
                new RuntimeData("AAAA", KEY).reportData(""),
                new RuntimeData(NONCE, otherKey).reportData("")))
        .doesNotHaveDuplicates();
  }
}
