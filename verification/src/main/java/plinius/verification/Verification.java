package plinius.verification;

import java.util.Objects;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;

/** Whether evidence is what a platform really said. */
public sealed interface Verification {
  /**
   * It is; and this is what it says. Nothing here is accepted yet.
   *
   * @param kind the platform that says it
   * @param measurement the code that runs there
   * @param reportData what the code bound the evidence to
   * @param platform name of the platform's key, for the log
   */
  record Genuine(TeeKind kind, Measurement measurement, ReportData reportData, String platform)
      implements Verification {
    public Genuine {
      Objects.requireNonNull(kind);
      Objects.requireNonNull(measurement);
      Objects.requireNonNull(reportData);
      Objects.requireNonNull(platform);
    }
  }

  /**
   * It is not, or cannot be read.
   *
   * @param field which part of the evidence is wrong
   * @param got what is there
   * @param want what should be
   */
  record NotGenuine(String field, String got, String want) implements Verification {
    public NotGenuine {
      Objects.requireNonNull(field);
      Objects.requireNonNull(got);
      Objects.requireNonNull(want);
    }
  }
}
