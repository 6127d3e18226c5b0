package plinius.attestation.simulation;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;

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
  private static final int BUFFER_BYTES = 1 << 16;

  private ImageMeasurement() {}

  /**
   * Measures the image in a directory.
   *
   * @param imageDirectory the image's root; may itself be a symbolic link
   * @param arguments what the image's program is started with, in order
   * @throws AttestationException.PlatformUnusable if it cannot be read
   */
  public static Measurement of(Path imageDirectory, List<String> arguments) {
    MessageDigest whole = digest("SHA-384");
    try (DataOutputStream out =
        new DataOutputStream(new DigestOutputStream(OutputStream.nullOutputStream(), whole))) {
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
    } catch (IOException e) {
      throw new AttestationException.PlatformUnusable(
          "cannot measure the image in " + imageDirectory + ": " + e + ". Build it again.", e);
    }
    return Measurement.of(whole.digest());
  }

  // Sorted by path as text, so that the order does not depend on the file system.
  private static Map<String, Path> entries(Path root) throws IOException {
    Map<String, Path> entries = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            entries.put(root.relativize(file).toString(), file);
            return FileVisitResult.CONTINUE;
          }
        });
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
    MessageDigest content = digest("SHA-256");
    long bytes = 0;
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        content.update(buffer, 0, read);
        bytes += read;
      }
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

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
