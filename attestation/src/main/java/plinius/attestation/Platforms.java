package plinius.attestation;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import plinius.attestation.gramine.GramineAttester;
import plinius.attestation.tsm.TsmAttester;

/**
 * Which platform this is. Hardware is found by its files; a simulation, which protects nothing, is
 * taken only by name. The choice is not trusted: the evidence says what it is, and the owner's
 * policy whether that will do.
 */
public enum Platforms {
  /** The hardware that is there. */
  AUTO,
  /** SGX under Gramine. */
  GRAMINE,
  /** TDX or SEV-SNP by the kernel's configfs-tsm. */
  TSM,
  /** None. */
  SIMULATION;

  /** The hardware that is there. */
  public static Attester hardware(Path root) {
    return AUTO.attester(
        root,
        () -> {
          throw new AssertionError("simulation was not asked for");
        });
  }

  /**
   * The platform as its code sees it.
   *
   * @param root of the file system
   * @param simulation makes a simulated one
   * @throws AttestationException.PlatformUnusable if it is not there
   */
  public Attester attester(Path root, Supplier<Attester> simulation) {
    // Gramine before the kernel: below it, the kernel's files are the host's, and may be there too.
    Optional<? extends Attester> found =
        switch (this) {
          case AUTO ->
              GramineAttester.find(root)
                  .<Attester>map(each -> each)
                  .or(() -> TsmAttester.find(root));
          case GRAMINE -> GramineAttester.find(root);
          case TSM -> TsmAttester.find(root);
          case SIMULATION -> Optional.of(simulation.get());
        };
    return found.orElseThrow(
        () ->
            new AttestationException.PlatformUnusable(
                switch (this) {
                  case GRAMINE -> noGramine(root);
                  case TSM -> noTsm(root);
                  default ->
                      "this machine can prove nothing: "
                          + noGramine(root)
                          + ", and "
                          + noTsm(root)
                          + ". A simulation, which protects nothing, has to be asked for by name";
                }));
  }

  private static String noGramine(Path root) {
    return root.resolve(GramineAttester.DIRECTORY).resolve("attestation_type")
        + " does not say dcap (no SGX under Gramine)";
  }

  private static String noTsm(Path root) {
    return root.resolve(TsmAttester.DIRECTORY)
        + " gives no report of tdx_guest or sev_guest (no TDX, no SEV-SNP, or not root)";
  }
}
