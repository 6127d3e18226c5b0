package plinius.verification;

import java.security.MessageDigest;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.verification.evidence.Claims;

/**
 * What the owner accepts: for each platform that may have keys, the rules that its claims have to
 * keep. A platform that is not named is refused; so is a simulation, which protects nothing, unless
 * it is named. {@link PolicyFile} reads it from a file.
 */
public final class AppraisalPolicy {
  private final Map<TeeKind, List<Rule>> platforms;

  AppraisalPolicy(Map<TeeKind, List<Rule>> platforms) {
    this.platforms = new EnumMap<>(TeeKind.class);
    platforms.forEach((kind, rules) -> this.platforms.put(kind, List.copyOf(rules)));
  }

  /**
   * One for simulated platforms.
   *
   * @param allowSimulation whether their evidence counts; else nothing does
   * @param measurements the images that may have keys; empty accepts none
   */
  public AppraisalPolicy(boolean allowSimulation, Set<Measurement> measurements) {
    this(
        allowSimulation
            ? Map.of(
                TeeKind.SIMULATION,
                List.of(
                    new Rule.OneOf(
                        "measurement",
                        measurements.stream().map(Measurement::hex).collect(Collectors.toSet()))))
            : Map.of());
  }

  /**
   * Judges what a verifier found.
   *
   * @param expected the report data of this very exchange: nonce and key; empty to judge what the
   *     evidence says without asking whether it is fresh
   * @param at the instant at which the evidence was verified
   */
  public Appraisal appraise(Verification verification, Optional<ReportData> expected, Instant at) {
    return switch (verification) {
      case Verification.NotGenuine not ->
          new Appraisal.Rejected(not.field(), not.got(), not.want());
      case Verification.Genuine genuine -> appraiseClaims(genuine.claims(), expected, at);
    };
  }

  private Appraisal appraiseClaims(Claims claims, Optional<ReportData> expected, Instant at) {
    List<Rule> rules = platforms.get(claims.kind());
    if (rules == null) {
      return new Appraisal.Rejected(
          "platform", platformName(claims.kind()), "one that the policy names: " + named());
    }
    if (expected.isPresent() && !isBound(claims, expected.get())) {
      return new Appraisal.Rejected(
          "report data",
          claims.bound().map(ReportData::hex).orElse("bound to something else"),
          expected.get().hex() + " (this nonce and this key)");
    }
    for (Rule rule : rules) {
      Optional<Appraisal.Rejected> rejected = rule.judge(claims, at);
      if (rejected.isPresent()) {
        return rejected.get();
      }
    }
    return new Appraisal.Accepted(claims);
  }

  private static boolean isBound(Claims claims, ReportData expected) {
    return claims
        .bound()
        .filter(bound -> MessageDigest.isEqual(bound.bytes(), expected.bytes()))
        .isPresent();
  }

  private static String platformName(TeeKind kind) {
    return kind == TeeKind.SIMULATION
        ? "a simulation, which protects nothing"
        : PolicyFile.sectionName(kind);
  }

  private String named() {
    return platforms.isEmpty()
        ? "none"
        : platforms.keySet().stream()
            .map(PolicyFile::sectionName)
            .collect(Collectors.joining(", "));
  }
}
