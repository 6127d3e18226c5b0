package plinius.cli;

import java.nio.file.Path;
import java.util.Map;
import plinius.attestation.kbs.CfgDigest;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.Repeated;

/** The name of a network: the digest of its canonical configuration with all overrides. */
final class CfgDigests {
  private CfgDigests() {}

  static CfgDigest of(Path file, Map<String, String> settings) {
    CfgFile cfg = read(file, settings);
    Repeated.keys(CfgOptions.strict(file), file.toString()).forEach(Terminal::notice);
    return CfgDigest.ofCanonical(cfg.canonical());
  }

  static CfgFile read(Path file, Map<String, String> settings) {
    return Cfg.parse(CfgOptions.strict(file), file.toString(), settings);
  }
}
