package plinius.verification.evidence;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;

/**
 * What genuine evidence says. The names of the values are those that an {@code AppraisalPolicy}
 * uses.
 *
 * @param kind the platform that says it
 * @param measurement the code that runs there, in lower-case hexadecimal: MRENCLAVE, MRTD, the SNP
 *     measurement, PCR 0
 * @param bound the 64 bytes that the code bound the evidence to; empty if it bound it to something
 *     that cannot be 64 bytes
 * @param platform name of the platform's key, for people and logs
 * @param values String, Long, Boolean, and List of String, in the order in which to show them
 */
public record Claims(
    TeeKind kind,
    String measurement,
    Optional<ReportData> bound,
    String platform,
    Map<String, Object> values) {
  public Claims {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(measurement);
    Objects.requireNonNull(bound);
    Objects.requireNonNull(platform);
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    values.forEach(Claims::requireShowable);
  }

  /** The value of this name, if the evidence says it. */
  public Optional<Object> value(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** The same with more values behind those that are there. */
  public Claims with(Map<String, Object> more) {
    Map<String, Object> all = new LinkedHashMap<>(values);
    all.putAll(more);
    return new Claims(kind, measurement, bound, platform, all);
  }

  private static void requireShowable(String name, Object value) {
    boolean showable =
        value instanceof String
            || value instanceof Long
            || value instanceof Boolean
            || (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance));
    if (!showable) {
      throw new IllegalArgumentException("claim " + name + " is a " + value.getClass());
    }
  }
}
