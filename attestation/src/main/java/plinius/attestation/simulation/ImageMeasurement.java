package plinius.attestation.simulation;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.seal.Digests;

/**
 * Measures a program image: SHA-384 over its files and over the arguments it is started with. The
 * enclave measures itself with it, the owner the image of their own build.
 *
 * <p>What is hashed, all numbers big-endian, all texts UTF-8 behind their length in bytes (u32):
 *
 * <pre>
 *   "plinius/image/1"
 *   u32 entries, then for each entry in the order of its path
 *       text path from the image's root, separated by '/'
 *       u8   0 file, 1 symbolic link
 *       file: u64 bytes, SHA-256 of the content (32 bytes)     link: text target
 *   u32 arguments, then each as text
 * </pre>
 */
public final class ImageMeasurement {
  private static final String FORMAT = "plinius/image/1";

  private ImageMeasurement() {}

  /**
   * Measures the image in a directory.
   *
   * @param imageDirectory the image's root; may itself be a symbolic link
   * @param arguments what the image's program is started with, in order
   * @throws AttestationException.PlatformUnusable if it cannot be read
   */
  public static Measurement of(Path imageDirectory, List<String> arguments) {
    MessageDigest whole = Digests.sha384();
    try (DataOutputStream out = new DataOutputStream(into(whole))) {
      Path root = imageDirectory.toRealPath();
      Map<String, Path> entries = entries(root);
      writeText(out, FORMAT);
      out.writeInt(entries.size());
      for (Map.Entry<String, Path> entry : entries.entrySet()) {
        writeText(out, entry.getKey());
        writeEntry(out, root, entry.getValue());
      }
      out.writeInt(arguments.size());
      for (String argument : arguments) {
        writeText(out, argument);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new AttestationException.PlatformUnusable(
          "cannot measure the image in " + imageDirectory + ": " + e + ". Build it again.");
    }
    return Measurement.of(whole.digest());
  }

  // Sorted by path as text, so that the order does not depend on the file system.
  private static Map<String, Path> entries(Path root) throws IOException {
    Map<String, Path> entries = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(each -> !Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
          .forEach(each -> entries.put(root.relativize(each).toString(), each));
    }
    return entries;
  }

  private static void writeEntry(DataOutputStream out, Path root, Path file) throws IOException {
    if (Files.isSymbolicLink(file)) {
      // The text, not what it points to: that is measured under its own path, or not in the image.
      if (!file.toRealPath().startsWith(root)) {
        throw new IOException(file + " points out of the image");
      }
      out.writeByte(1);
      writeText(out, Files.readSymbolicLink(file).toString());
      return;
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(file + " is neither a file nor a link");
    }
    MessageDigest content = Digests.sha256();
    long bytes;
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      bytes = in.transferTo(into(content));
    }
    out.writeByte(0);
    out.writeLong(bytes);
    out.write(content.digest());
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static OutputStream into(MessageDigest digest) {
    return new DigestOutputStream(OutputStream.nullOutputStream(), digest);
  }
}
