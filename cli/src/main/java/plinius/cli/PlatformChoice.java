package plinius.cli;

import java.nio.file.Path;
import java.util.function.Supplier;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Platforms;
import plinius.attestation.gramine.GramineAttester;
import plinius.attestation.tsm.TsmAttester;

/** Which platform an operator asks for. */
enum PlatformChoice {
  /** The hardware that is there. */
  AUTO,
  /** SGX under Gramine. */
  GRAMINE,
  /** TDX or SEV-SNP by the kernel's configfs-tsm. */
  TSM,
  /** None. */
  SIMULATION;

  /**
   * The platform as its code sees it.
   *
   * @param root of the file system
   * @param simulation makes a simulated one
   * @throws AttestationException.PlatformUnusable if it is not there
   */
  Attester attester(Path root, Supplier<Attester> simulation) {
    return switch (this) {
      case AUTO -> Platforms.hardware(root);
      case GRAMINE ->
          GramineAttester.find(root).orElseThrow(() -> unusable(GramineAttester.absent(root)));
      case TSM -> TsmAttester.find(root).orElseThrow(() -> unusable(TsmAttester.absent(root)));
      case SIMULATION -> simulation.get();
    };
  }

  private static AttestationException.PlatformUnusable unusable(String why) {
    return new AttestationException.PlatformUnusable(why);
  }
}
