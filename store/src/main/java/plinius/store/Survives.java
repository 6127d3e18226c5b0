package plinius.store;

import plinius.pmem.Medium;

/** What a caller requires that committed transactions survive. */
public enum Survives {
  /** The death of the process: every medium does that. */
  PROCESS_DEATH,
  /** The loss of power: persistent memory and disks, not what is emulated or cannot be seen. */
  POWER_LOSS;

  /** Whether a medium keeps this. */
  public boolean on(Medium medium) {
    return switch (medium.kind()) {
      case DAX, FILE -> true;
      case TMPFS, GRAMINE, SIMULATED -> this == PROCESS_DEATH;
    };
  }
}
