package plinius.broker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import plinius.verification.AppraisalPolicy;
import plinius.verification.BadPolicy;
import plinius.verification.PolicyFile;

/**
 * The owner's appraisal policies, each a copy in a file that its own digest names. The log says
 * which job has which: so a copy that somebody changed is noticed, and the file that the owner gave
 * may be edited or lost without any effect.
 */
final class Policies {
  static final String DIRECTORY = "policies";
  private static final int POLICY_BYTES_MAX = 64 * 1024;
  private static final String DIRECTORY_MODE = "rwx------";
  private static final String FILE_MODE = "rw-------";

  private final Path directory;
  private final Map<String, AppraisalPolicy> parsed = new ConcurrentHashMap<>();

  Policies(Path state) {
    this.directory = state.resolve(DIRECTORY);
  }

  /**
   * Keeps a copy, durably.
   *
   * @param name of the file that the owner gave, for messages
   * @return its digest
   * @throws BadPolicy if it is none
   */
  String keep(String name, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > POLICY_BYTES_MAX) {
      throw new BrokerException.StateUnusable(
          name + " has " + bytes.length + " bytes, a policy has at most " + POLICY_BYTES_MAX);
    }
    AppraisalPolicy policy = PolicyFile.parse(name, text);
    String digest = digest(bytes);
    Path file = directory.resolve(digest);
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(DIRECTORY_MODE)));
      }
      // A copy that was changed is made good by the same text again.
      if (!Files.isRegularFile(file) || !digest(Files.readAllBytes(file)).equals(digest)) {
        Path fresh = Files.createTempFile(directory, "new", "");
        Files.write(fresh, bytes);
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(FILE_MODE));
        force(fresh, StandardOpenOption.WRITE);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      }
      // Also for a copy that an earlier run left: it may have died before this.
      force(directory, StandardOpenOption.READ);
      force(directory.getParent(), StandardOpenOption.READ);
    } catch (IOException e) {
      throw new BrokerException.StateUnusable(
          "cannot keep a copy of the policy in " + directory + ": " + e, e);
    }
    parsed.put(digest, policy);
    return digest;
  }

  /**
   * The policy with this digest.
   *
   * @throws BrokerException.StateUnusable if its copy is lost or changed
   */
  AppraisalPolicy policy(String digest) {
    AppraisalPolicy known = parsed.get(digest);
    if (known == null) {
      known = PolicyFile.parse("policy " + digest, text(digest));
      parsed.put(digest, known);
    }
    return known;
  }

  /** Its text, comments and all. */
  String text(String digest) {
    Path file = directory.resolve(digest);
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (digest(bytes).equals(digest)) {
        return new String(bytes, StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new BrokerException.StateUnusable(
          "cannot read the policy " + file + ": " + e + ". Grant the job again with --policy", e);
    }
    throw new BrokerException.StateUnusable(
        "the policy " + file + " was changed. Grant the job again with --policy");
  }

  private static void force(Path path, StandardOpenOption how) throws IOException {
    try (FileChannel channel = FileChannel.open(path, how)) {
      channel.force(true);
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
