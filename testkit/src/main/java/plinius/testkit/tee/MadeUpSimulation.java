package plinius.testkit.tee;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Base64;

/** A simulated platform's key, as the host makes it. */
public final class MadeUpSimulation {
  private MadeUpSimulation() {}

  /** In this folder, unless it is there; returns the folder. */
  public static Path in(Path folder) {
    Path key = folder.resolve("simulation.key");
    try {
      Files.createDirectories(folder);
      if (!Files.exists(key)) {
        KeyPair fresh = CertificateMaker.keys("secp256r1");
        Base64.Encoder base64 = Base64.getEncoder();
        String open = base64.encodeToString(fresh.getPublic().getEncoded());
        String secret = base64.encodeToString(fresh.getPrivate().getEncoded());
        Files.writeString(key, String.join("\n", "SIMULATION - NOT A TEE", open, secret, ""));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
