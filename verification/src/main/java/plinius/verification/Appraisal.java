package plinius.verification;

import java.util.Objects;
import plinius.attestation.Measurement;
import plinius.attestation.TeeKind;

/** The owner's judgement of one piece of evidence. */
public sealed interface Appraisal {
  /**
   * The keys may go there.
   *
   * @param kind on which platform the code runs
   * @param measurement which code runs
   * @param platform name of the platform's key
   */
  record Accepted(TeeKind kind, Measurement measurement, String platform) implements Appraisal {
    public Accepted {
      Objects.requireNonNull(kind);
      Objects.requireNonNull(measurement);
      Objects.requireNonNull(platform);
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
