package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.verification.evidence.Claims;

/** What owners write, and what it makes of claims. */
class PolicyFileTest {
  private static final Instant NOW = Instant.parse("2026-01-31T00:00:00Z");
  private static final String MRTD = "ab".repeat(48);
  private static final String TDX = "[tdx]\nmrtd = " + MRTD + "\n";
  private static final String SNP = "[snp]\nmeasurement = " + MRTD + "\n";

  @Test
  void each_tcb_status_is_accepted_only_where_the_policy_says_so() {
    List<String> all =
        List.of(
            "UpToDate",
            "SWHardeningNeeded",
            "ConfigurationNeeded",
            "ConfigurationAndSWHardeningNeeded",
            "OutOfDate",
            "OutOfDateConfigurationNeeded",
            "TDRelaunchAdvised",
            "TDRelaunchAdvisedConfigurationNeeded",
            "Revoked",
            "TCB_NOT_SUPPORTED",
            "Unknown");
    for (String status : all) {
      boolean byDefault = List.of("UpToDate", "SWHardeningNeeded").contains(status);
      assertThat(field(TDX, tdx("tcb-status", status)))
          .as(status)
          .isEqualTo(byDefault ? "" : "tcb-status");
      if (!List.of("Revoked", "TCB_NOT_SUPPORTED").contains(status)) {
        assertThat(field(TDX + "tcb-status = " + status, tdx("tcb-status", status))).isEmpty();
        if (!status.equals("UpToDate")) {
          assertThat(field(TDX + "tcb-status = " + status, tdx("tcb-status", "UpToDate")))
              .isEqualTo("tcb-status");
        }
      }
    }
  }

  @Test
  void nobody_can_allow_a_platform_that_intel_revoked() {
    for (String status : List.of("Revoked", "TCB_NOT_SUPPORTED")) {
      refusedPolicy(TDX + "tcb-status = UpToDate " + status, "tcb-status cannot allow");
    }
  }

  @Test
  void what_is_unsafe_is_refused_unless_it_is_allowed_by_name() {
    assertThat(field(TDX, tdx("debug", true))).isEqualTo("debug");
    assertThat(field(TDX, tdx("migratable", true))).isEqualTo("migratable");
    assertThat(field(TDX + "allow-debug = yes", tdx("debug", true))).isEmpty();
    assertThat(field(TDX + "allow-debug = no", tdx("debug", true))).isEqualTo("debug");
    assertThat(field(SNP, snp("vmpl", 1L))).isEqualTo("vmpl");
    assertThat(field(SNP + "vmpl = 0 1", snp("vmpl", 1L))).isEmpty();
    assertThat(field(SNP, snp("debug", true))).isEqualTo("debug");
  }

  @Test
  void a_claim_that_is_missing_keeps_no_rule() {
    Map<String, Object> values = new LinkedHashMap<>(tdx("debug", false).values());
    values.remove("debug");
    Claims claims = new Claims(TeeKind.TDX, MRTD, Optional.empty(), "p", values);

    assertThat(field(TDX, claims)).isEqualTo("debug");
  }

  @Test
  void minimums_lists_and_ages_are_kept() {
    assertThat(field(TDX + "min-tcb-evaluation-number = 17", tdx("tcb-evaluation-number", 16L)))
        .isEqualTo("tcb-evaluation-number");
    assertThat(field(TDX + "min-tcb-evaluation-number = 17", tdx("tcb-evaluation-number", 17L)))
        .isEmpty();
    assertThat(field(TDX + "only-advisories = A B", tdx("advisories", List.of("A")))).isEmpty();
    assertThat(field(TDX + "only-advisories = A B", tdx("advisories", List.of("C"))))
        .isEqualTo("advisories");
    String age = TDX + "max-collateral-age-days = 30";
    assertThat(field(age, tdx("collateral-issued", "2026-01-01T00:00:00Z"))).isEmpty();
    assertThat(field(age, tdx("collateral-issued", "2025-12-31T23:59:59Z")))
        .isEqualTo("collateral-issued");
    assertThat(field(age, tdx("debug", false))).isEqualTo("collateral-issued");
    assertThat(field(SNP + "require-alias-check = yes", snp("alias-check", false)))
        .isEqualTo("alias-check");
    assertThat(field(SNP + "require-alias-check = yes", snp("alias-check", true))).isEmpty();
  }

  @Test
  void each_part_of_a_firmware_version_has_its_own_minimum() {
    String policy = SNP + "min-tcb-milan = bl:4 snp:24\n";

    assertThat(field(policy, snp("reported-tcb", "bl:4 tee:0 snp:24 ucode:1"))).isEmpty();
    assertThat(field(policy, snp("reported-tcb", "bl:9 tee:0 snp:23 ucode:9")))
        .isEqualTo("reported-tcb");
    assertThat(field(policy, snp("product", "Genoa"))).isEmpty();
  }

  @Test
  void other_code_other_platforms_and_other_nonces_are_refused() {
    AppraisalPolicy policy = PolicyFile.parse("p", TDX);

    assertThat(field(TDX, tdx("mrtd", "cd".repeat(48)))).isEqualTo("mrtd");
    assertThat(field(SNP, tdx("debug", false))).isEqualTo("platform");
    Appraisal unbound =
        policy.appraise(
            new Verification.Genuine(tdx("debug", false), List.of()),
            Optional.of(new ReportData("00".repeat(ReportData.BYTES))),
            NOW);
    assertThat(((Appraisal.Rejected) unbound).field()).isEqualTo("report data");
  }

  @Test
  void a_refusal_names_field_value_and_expected_value() {
    Appraisal appraisal = appraise(TDX, tdx("tcb-status", "OutOfDate"));

    assertThat(((Appraisal.Rejected) appraisal).message())
        .isEqualTo(
            "evidence refused: tcb-status is OutOfDate, want one of [SWHardeningNeeded, UpToDate]");
  }

  @Test
  void what_a_policy_cannot_mean_is_refused_with_its_line() {
    refusedPolicy("", "names no platform");
    refusedPolicy("mrtd = 00", "line 1");
    refusedPolicy("# nothing\n[tdy]", "line 2: no platform is called [tdy]");
    refusedPolicy(TDX + "mrtb = 00", "line 3: [tdx] knows no mrtb");
    refusedPolicy(TDX + "mrtd = 00", "line 3: mrtd is given twice");
    refusedPolicy(TDX + "mrtd", "line 3");
    refusedPolicy(TDX + TDX, "line 3: the section [tdx] is there twice");
    refusedPolicy("[tdx]\nfmspc = 00906ed50000", "does not say which code");
    refusedPolicy("[sgx]\nmrsigner = 00", "does not say which code");
    refusedPolicy(TDX + "allow-debug = maybe", "want yes or no");
    refusedPolicy(TDX + "min-tcb-evaluation-number = many", "want a whole number");
    refusedPolicy(SNP + "min-tcb-milan = 4.0.24", "want as bl:4");
  }

  @Test
  void comments_and_capital_digits_mean_nothing() {
    String policy = "# who\n [tdx] # what\n mrtd = " + MRTD.toUpperCase(java.util.Locale.ROOT);

    assertThat(field(policy, tdx("debug", false))).isEmpty();
  }

  private static void refusedPolicy(String text, String message) {
    assertThatThrownBy(() -> PolicyFile.parse("p", text))
        .as(text)
        .isInstanceOf(BadPolicy.class)
        .hasMessageContaining(message);
  }

  private static String field(String policy, Claims claims) {
    return appraise(policy, claims) instanceof Appraisal.Rejected rejected ? rejected.field() : "";
  }

  private static Appraisal appraise(String policy, Claims claims) {
    return PolicyFile.parse("p", policy)
        .appraise(new Verification.Genuine(claims, List.of()), Optional.empty(), NOW);
  }

  private static Claims tdx(String name, Object value) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("mrtd", MRTD);
    values.put("debug", false);
    values.put("migratable", false);
    values.put("tcb-status", "UpToDate");
    values.put(name, value);
    return new Claims(TeeKind.TDX, MRTD, Optional.empty(), "platform", values);
  }

  private static Claims snp(String name, Object value) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("measurement", MRTD);
    values.put("debug", false);
    values.put("migratable", false);
    values.put("newer-report", false);
    values.put("vmpl", 0L);
    values.put("product", "Milan");
    values.put("reported-tcb", "bl:0 tee:0 snp:0 ucode:0");
    values.put(name, value);
    if (name.equals("product")) {
      values.put("reported-tcb", "bl:0 tee:0 snp:0 ucode:0");
    }
    return new Claims(TeeKind.SNP, MRTD, Optional.empty(), "platform", values);
  }
}
