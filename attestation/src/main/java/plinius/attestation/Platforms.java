package plinius.attestation;

import java.nio.file.Path;
import java.util.Optional;
import plinius.attestation.gramine.GramineAttester;
import plinius.attestation.tsm.TsmAttester;

/**
 * Which platform this is: the hardware, found by its files. A simulation, which protects nothing,
 * is never found, only asked for. The choice is not trusted: the evidence says what it is, and the
 * owner's policy whether that will do.
 */
public final class Platforms {
  private Platforms() {}

  /**
   * The hardware that is there.
   *
   * @param root of the file system
   * @throws AttestationException.PlatformUnusable if there is none
   */
  public static Attester hardware(Path root) {
    // Gramine before the kernel: below it, the kernel's files are the host's, and may be there too.
    Optional<Attester> gramine = GramineAttester.find(root).map(found -> found);
    String neither =
        ("this machine can prove nothing: %s, and %s. A simulation, which protects nothing, has to"
                + " be asked for by name")
            .formatted(GramineAttester.absent(root), TsmAttester.absent(root));
    return gramine
        .or(() -> TsmAttester.find(root))
        .orElseThrow(() -> new AttestationException.PlatformUnusable(neither));
  }
}
