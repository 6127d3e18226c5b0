package plinius.verification;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Base64;
import plinius.attestation.simulation.Simulation;
import plinius.seal.jose.Jwk;

/** A simulated platform's key, as the host makes it. */
public final class MadeUpKeys {
  private MadeUpKeys() {}

  /** In this folder, unless it is there. */
  public static Path in(Path folder) {
    try {
      Files.createDirectories(folder);
      Base64.Encoder base64 = Base64.getEncoder();
      if (!Files.exists(folder.resolve("simulation.key"))) {
        KeyPair fresh = Jwk.generate();
        String open = base64.encodeToString(fresh.getPublic().getEncoded());
        String secret = base64.encodeToString(fresh.getPrivate().getEncoded());
        Files.writeString(
            folder.resolve("simulation.key"),
            String.join("\n", Simulation.KEY_NAME, open, secret, ""));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
