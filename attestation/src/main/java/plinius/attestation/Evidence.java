package plinius.attestation;

import java.util.Objects;

/**
 * What a platform says about the code that runs on it.
 *
 * @param kind which platform says it, and so how to check it
 * @param primary the JSON object that the KBS protocol calls {@code primary_evidence}
 */
public record Evidence(TeeKind kind, String primary) {
  public Evidence {
    Objects.requireNonNull(kind);
    Objects.requireNonNull(primary);
  }
}
