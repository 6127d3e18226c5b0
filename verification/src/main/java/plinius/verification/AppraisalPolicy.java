package plinius.verification;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;

/**
 * What the owner accepts. Only the owner writes it; a platform that protects nothing is accepted
 * only if it says so here.
 *
 * @param allowSimulation whether evidence of a simulated platform counts
 * @param measurements the images that may have keys; empty accepts none
 */
public record AppraisalPolicy(boolean allowSimulation, Set<Measurement> measurements) {
  public AppraisalPolicy {
    measurements = Set.copyOf(measurements);
  }

  /**
   * Judges what a verifier found.
   *
   * @param expected the report data of this very exchange: nonce and key
   */
  public Appraisal appraise(Verification verification, ReportData expected) {
    return switch (verification) {
      case Verification.NotGenuine not ->
          new Appraisal.Rejected(not.field(), not.got(), not.want());
      case Verification.Genuine genuine -> appraiseGenuine(genuine, expected);
    };
  }

  private Appraisal appraiseGenuine(Verification.Genuine genuine, ReportData expected) {
    if (genuine.kind() == TeeKind.SIMULATION && !allowSimulation) {
      return new Appraisal.Rejected(
          "platform",
          "a simulation, which protects nothing",
          "hardware, or a policy that allows simulation");
    }
    if (!genuine.reportData().equals(expected)) {
      return new Appraisal.Rejected(
          "report data", genuine.reportData().hex(), expected.hex() + " (this nonce and this key)");
    }
    if (!measurements.contains(genuine.measurement())) {
      String want =
          measurements.stream()
              .map(Measurement::hex)
              .collect(Collectors.toCollection(TreeSet::new))
              .toString();
      return new Appraisal.Rejected("measurement", genuine.measurement().hex(), "one of " + want);
    }
    return new Appraisal.Accepted(genuine.kind(), genuine.measurement(), genuine.platform());
  }
}
