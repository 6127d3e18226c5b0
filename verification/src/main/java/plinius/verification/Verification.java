package plinius.verification;

import java.util.List;
import java.util.Objects;
import plinius.verification.evidence.Claims;

/** Whether evidence is what a platform really said. */
public sealed interface Verification {
  /** The checks that held, in order. */
  List<String> findings();

  /**
   * It is; and this is what it says. Nothing here is accepted yet.
   *
   * @param claims what it says
   * @param findings the checks that held
   */
  record Genuine(Claims claims, List<String> findings) implements Verification {
    public Genuine {
      Objects.requireNonNull(claims);
      findings = List.copyOf(findings);
    }
  }

  /**
   * It is not, or cannot be read.
   *
   * @param field which part of the evidence is wrong
   * @param got what is there
   * @param want what should be
   * @param findings the checks that held before
   */
  record NotGenuine(String field, String got, String want, List<String> findings)
      implements Verification {
    public NotGenuine {
      Objects.requireNonNull(field);
      Objects.requireNonNull(got);
      Objects.requireNonNull(want);
      findings = List.copyOf(findings);
    }
  }
}
