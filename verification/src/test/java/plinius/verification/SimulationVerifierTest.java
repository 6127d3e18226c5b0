package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.Evidence;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.seal.jose.Json;
import plinius.testkit.tee.MadeUpSimulation;
import plinius.verification.evidence.Endorsements;

class SimulationVerifierTest {
  private static final Measurement CODE = new Measurement("11".repeat(Measurement.BYTES));
  private static final Measurement OTHER = new Measurement("22".repeat(Measurement.BYTES));
  private static final ReportData BOUND = new ReportData("ab".repeat(48) + "00".repeat(16));
  private static final ReportData UNPADDED = new ReportData("ab".repeat(64));

  @TempDir Path folder;
  private SimulatedPlatform platform;

  @BeforeEach
  void open_the_platform() {
    platform = new SimulatedPlatform(MadeUpSimulation.in(folder), CODE);
  }

  @Test
  void honest_evidence_is_accepted_where_simulation_is_allowed() {
    for (ReportData bound : new ReportData[] {BOUND, UNPADDED}) {
      Appraisal appraisal =
          policy(true, CODE)
              .appraise(verify(platform.attest(bound)), Optional.of(bound), Instant.EPOCH);

      assertThat(appraisal).isInstanceOf(Appraisal.Accepted.class);
      assertThat(((Appraisal.Accepted) appraisal).platform()).contains("NOT A TEE");
    }
  }

  @Test
  void simulation_is_refused_unless_the_policy_allows_it() {
    assertThat(rejected(policy(false, CODE), platform.attest(BOUND), BOUND)).isEqualTo("platform");
  }

  @Test
  void another_measurement_is_refused() {
    assertThat(rejected(policy(true, OTHER), platform.attest(BOUND), BOUND))
        .isEqualTo("measurement");
  }

  @Test
  void a_policy_without_measurements_accepts_none() {
    AppraisalPolicy none = new AppraisalPolicy(true, Set.of());

    assertThat(rejected(none, platform.attest(BOUND), BOUND)).isEqualTo("measurement");
  }

  @Test
  void other_report_data_is_refused() {
    assertThat(rejected(policy(true, CODE), platform.attest(BOUND), UNPADDED))
        .isEqualTo("report data");
  }

  @Test
  void a_change_of_what_is_signed_breaks_the_signature() {
    Map<String, Object> changes =
        Map.of("measurement", OTHER.hex(), "report_data", "AAAA".repeat(16));

    changes.forEach(
        (name, value) ->
            assertThat(notGenuine(changed(name, value))).as(name).isEqualTo("signature"));
  }

  @Test
  void the_signature_of_another_platform_is_refused() {
    SimulatedPlatform other =
        new SimulatedPlatform(MadeUpSimulation.in(folder.resolve("other")), CODE);
    Object otherKey = Json.parseObject(other.attest(BOUND).primary()).get("key");

    assertThat(notGenuine(changed("key", otherKey))).isEqualTo("signature");
  }

  @Test
  void signatures_that_are_none_are_refused() {
    for (String signature : new String[] {"", "AA", "A".repeat(86), "_".repeat(86)}) {
      assertThat(verify(changed("signature", signature)))
          .as(signature)
          .isInstanceOf(Verification.NotGenuine.class);
    }
  }

  @Test
  void evidence_that_is_not_ours_is_refused_without_an_exception() {
    String[] texts = {
      "", "null", "[]", "{}", "{\"svn\":\"1\",\"report_data\":\"AAAA\"}", "{".repeat(10000)
    };

    for (String text : texts) {
      assertThat(verify(new Evidence(TeeKind.SIMULATION, text)))
          .as(text)
          .isInstanceOf(Verification.NotGenuine.class);
    }
    assertThat(notGenuine(changed("extra", "x"))).isEqualTo("evidence");
    assertThat(notGenuine(changed("name", "Intel"))).isEqualTo("name");
    assertThat(notGenuine(changed("svn", "2"))).isEqualTo("svn");
    assertThat(notGenuine(changed("key", "x"))).isEqualTo("evidence");
    assertThat(notGenuine(changed("report_data", "AAAA"))).isEqualTo("report data");
  }

  private static AppraisalPolicy policy(boolean allowSimulation, Measurement measurement) {
    return new AppraisalPolicy(allowSimulation, Set.of(measurement));
  }

  private static Verification verify(Evidence evidence) {
    return new Verifier().verify(evidence, Endorsements.none(), Instant.EPOCH);
  }

  private static String notGenuine(Evidence evidence) {
    return ((Verification.NotGenuine) verify(evidence)).field();
  }

  private static String rejected(AppraisalPolicy policy, Evidence evidence, ReportData bound) {
    return ((Appraisal.Rejected)
            policy.appraise(verify(evidence), Optional.of(bound), Instant.EPOCH))
        .field();
  }

  private Evidence changed(String name, Object value) {
    Map<String, Object> members = new TreeMap<>(Json.parseObject(platform.attest(BOUND).primary()));
    members.put(name, value);
    return new Evidence(TeeKind.SIMULATION, Json.write(members));
  }
}
