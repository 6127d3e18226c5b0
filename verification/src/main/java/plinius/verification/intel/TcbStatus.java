package plinius.verification.intel;

import java.util.EnumSet;
import java.util.Set;
import plinius.verification.evidence.Refuted;

/** How current a platform is, in the words of Intel's collateral and quote verification library. */
public enum TcbStatus {
  UP_TO_DATE("UpToDate"),
  SW_HARDENING_NEEDED("SWHardeningNeeded"),
  CONFIGURATION_NEEDED("ConfigurationNeeded"),
  CONFIGURATION_AND_SW_HARDENING_NEEDED("ConfigurationAndSWHardeningNeeded"),
  OUT_OF_DATE("OutOfDate"),
  OUT_OF_DATE_CONFIGURATION_NEEDED("OutOfDateConfigurationNeeded"),
  TD_RELAUNCH_ADVISED("TDRelaunchAdvised"),
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED("TDRelaunchAdvisedConfigurationNeeded"),
  REVOKED("Revoked"),
  /** No level of the collateral matches: older than anything Intel knows. */
  NOT_SUPPORTED("TCB_NOT_SUPPORTED"),
  /** There is no collateral to judge by. */
  UNKNOWN("Unknown");

  private static final Set<TcbStatus> CURRENT =
      EnumSet.of(
          UP_TO_DATE,
          SW_HARDENING_NEEDED,
          CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED);
  private static final Set<TcbStatus> TO_CONFIGURE =
      EnumSet.of(
          CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED,
          OUT_OF_DATE_CONFIGURATION_NEEDED);

  private final String word;

  TcbStatus(String word) {
    this.word = word;
  }

  /** Intel's word. */
  public String word() {
    return word;
  }

  static TcbStatus ofWord(String word) throws Refuted {
    for (TcbStatus status : values()) {
      if (status.word.equals(word) && status != UNKNOWN && status != NOT_SUPPORTED) {
        return status;
      }
    }
    throw new Refuted("tcbStatus", word, "one of Intel's");
  }

  /** This platform with a component (QE, TDX module) of its own status. */
  TcbStatus with(TcbStatus component) {
    return switch (component) {
      case NOT_SUPPORTED, REVOKED -> this == NOT_SUPPORTED ? this : component;
      case OUT_OF_DATE ->
          switch (this) {
            case UP_TO_DATE, SW_HARDENING_NEEDED -> OUT_OF_DATE;
            case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
                OUT_OF_DATE_CONFIGURATION_NEEDED;
            default -> this;
          };
      default -> this;
    };
  }

  /** This status at launch, with that of what runs now after an update that kept the TD alive. */
  TcbStatus withCurrent(TcbStatus current) {
    if (current == NOT_SUPPORTED) {
      return NOT_SUPPORTED;
    }
    if ((this != OUT_OF_DATE && this != OUT_OF_DATE_CONFIGURATION_NEEDED)
        || !CURRENT.contains(current)) {
      return this;
    }
    return TO_CONFIGURE.contains(this) || TO_CONFIGURE.contains(current)
        ? TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
        : TD_RELAUNCH_ADVISED;
  }
}
