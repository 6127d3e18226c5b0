package plinius.host;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/**
 * The machine's side of a simulated platform: its key, which anyone on this machine can read. The
 * enclave signs and seals with it, as real ones do with what their makers put into the processor.
 */
public final class SimulatedMachine {
  private static final FileAttribute<?> OWNERS =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private SimulatedMachine() {}

  /** Makes the key in {@code simulation.key} unless it is there. */
  public static Path made(Path folder) {
    try {
      Files.createDirectories(folder);
      Path key = folder.resolve("simulation.key");
      if (!Files.exists(key)) {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair fresh = generator.generateKeyPair();
        Base64.Encoder base64 = Base64.getEncoder();
        String open = base64.encodeToString(fresh.getPublic().getEncoded());
        String secret = base64.encodeToString(fresh.getPrivate().getEncoded());
        createDurably(key, String.join("\n", "SIMULATION - NOT A TEE", open, secret, ""));
      }
      return folder;
    } catch (IOException | GeneralSecurityException e) {
      throw new HostException.Medium(
          ("cannot make the simulated platform's key in %s: %s. Check the directory's permissions,"
                  + " or remove its file simulation.key")
              .formatted(folder, e),
          e);
    }
  }

  // Whole or not at all, and once: others may start on this platform at the same time.
  private static void createDurably(Path file, String text) throws IOException {
    Path fresh = Files.createTempFile(file.getParent(), file.getFileName() + ".", ".new", OWNERS);
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      Channels.newOutputStream(channel).write(text.getBytes(StandardCharsets.UTF_8));
      channel.force(true);
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException e) {
      // Somebody was faster: what they made counts.
    } finally {
      Files.delete(fresh);
    }
  }
}
