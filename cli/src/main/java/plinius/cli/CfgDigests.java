package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import plinius.attestation.kbs.CfgDigest;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;

/** The name of a network: the digest of its canonical configuration with all overrides. */
final class CfgDigests {
  private CfgDigests() {}

  static CfgDigest of(Path file, Map<String, String> settings) {
    return CfgDigest.ofCanonical(read(file, settings).canonical());
  }

  static CfgFile read(Path file, Map<String, String> settings) {
    SealedFiles.requireReadable(file, "name a Darknet configuration file, as examples/ has them");
    try {
      if (Files.size(file) > Cfg.MAX_CHARS) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            file + " has more than " + Cfg.MAX_CHARS + " bytes: is it a configuration?");
      }
      String text = Files.readString(file);
      return Cfg.parse(text, file.toString(), settings);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read " + file + ": " + Failures.why(e));
    }
  }
}
