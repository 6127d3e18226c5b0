package plinius.verification;

import plinius.attestation.Evidence;

/** Checks that evidence is genuine, whatever platform it comes from. */
public final class Verifier {
  private final SimulationVerifier simulation = new SimulationVerifier();

  /** Knows all platforms of {@link plinius.attestation.TeeKind}. */
  public Verifier() {}

  /** Parses and checks; never throws for what the evidence holds. */
  public Verification verify(Evidence evidence) {
    return switch (evidence.kind()) {
      case SIMULATION -> simulation.verify(evidence.primary());
    };
  }
}
