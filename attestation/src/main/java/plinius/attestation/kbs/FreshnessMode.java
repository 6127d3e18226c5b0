package plinius.attestation.kbs;

import plinius.attestation.AttestationException;

/** What protects a job's pool against being put back to an older state. It comes with the keys. */
public enum FreshnessMode {
  /**
   * The broker counts the training runs and keeps no record of mirrors: an older pool of the same
   * job is not noticed.
   */
  EPOCHS_ONLY("epochs-only");

  private final String wireName;

  FreshnessMode(String wireName) {
    this.wireName = wireName;
  }

  /** Its name in grants and logs. */
  public String wireName() {
    return wireName;
  }

  /** The mode with this name in grants and logs. */
  public static FreshnessMode ofWireName(String name) {
    for (FreshnessMode mode : values()) {
      if (mode.wireName.equals(name)) {
        return mode;
      }
    }
    throw new AttestationException.BadMessage("the freshness mode " + name + " is not known");
  }
}
