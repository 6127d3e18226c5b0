package plinius.evaluation.experiments;

import java.util.List;
import plinius.evaluation.Experiment;

/** All experiments, in the order in which they are run and reported. */
public final class Experiments {
  private Experiments() {}

  public static List<Experiment> all() {
    return List.of(
        new MediumCharacter(),
        new SwapsPerSecond(),
        new MirrorAgainstCheckpoints(),
        new EnclaveMemory(),
        new BatchDecryption(),
        new CrashResilience(),
        new SpotTraining(),
        new SecureInference(),
        new TrustedSize(),
        new Further(),
        new FreshnessModes(),
        new Overheads());
  }
}
