package plinius.verification;

import java.util.Objects;
import plinius.attestation.TeeKind;
import plinius.verification.evidence.Claims;

/** The owner's judgement of one piece of evidence. */
public sealed interface Appraisal {
  /**
   * The keys may go there.
   *
   * @param claims what the evidence says
   */
  record Accepted(Claims claims) implements Appraisal {
    public Accepted {
      Objects.requireNonNull(claims);
    }

    /** On which platform the code runs. */
    public TeeKind kind() {
      return claims.kind();
    }

    /** Which code runs, in lower-case hexadecimal. */
    public String measurement() {
      return claims.measurement();
    }

    /** Name of the platform's key. */
    public String platform() {
      return claims.platform();
    }
  }

  /**
   * They may not.
   *
   * @param field what was judged: the part of the evidence, or of the policy
   * @param got what the evidence says
   * @param want what the policy wants
   */
  record Rejected(String field, String got, String want) implements Appraisal {
    public Rejected {
      Objects.requireNonNull(field);
      Objects.requireNonNull(got);
      Objects.requireNonNull(want);
    }

    /** One sentence for people: what, got, want. */
    public String message() {
      return "evidence refused: " + field + " is " + got + ", want " + want;
    }
  }
}
