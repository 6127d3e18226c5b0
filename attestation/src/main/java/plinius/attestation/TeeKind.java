package plinius.attestation;

import java.util.Optional;

/** The kinds of trusted execution environment that can give evidence here. */
public enum TeeKind {
  /** An ordinary process. Protects nothing; an owner's policy must allow it by name. */
  SIMULATION("sample");

  private final String kbsName;

  TeeKind(String kbsName) {
    this.kbsName = kbsName;
  }

  /** What the KBS protocol calls it, in the member {@code tee}. */
  public String kbsName() {
    return kbsName;
  }

  /** The kind with this KBS name, or nothing if we know none. */
  public static Optional<TeeKind> ofKbsName(String name) {
    for (TeeKind kind : values()) {
      if (kind.kbsName.equals(name)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
