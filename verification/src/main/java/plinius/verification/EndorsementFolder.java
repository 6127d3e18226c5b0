package plinius.verification;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import plinius.verification.evidence.Endorsements;

/**
 * A folder in which an owner keeps what the makers say about platforms: certificates (PEM or DER:
 * PCK chains and Intel's TCB signing chain, VCEK or VLEK and their ASK), revocation lists (PEM or
 * DER), Intel's TCB info and QE identity as its service answers. Names and subfolders are the
 * owner's affair: files are told apart by what they hold, others are left alone. Read again when a
 * file has changed, so that fresh collateral takes no restart.
 */
public final class EndorsementFolder implements Supplier<Endorsements> {
  private static final int DEPTH_MAX = 4;
  private static final int FILES_MAX = 2000;
  private static final long FILE_BYTES_MAX = 1 << 20;

  private final Path folder;
  private final int depth;
  private Map<Path, String> seen = Map.of();
  private Endorsements last = Endorsements.none();

  /** Of a folder and those in it; nothing is read yet. */
  public EndorsementFolder(Path folder) {
    this(folder, DEPTH_MAX);
  }

  private EndorsementFolder(Path folder, int depth) {
    this.folder = folder;
    this.depth = depth;
  }

  /** The same without subfolders. */
  public static EndorsementFolder flat(Path folder) {
    return new EndorsementFolder(folder, 1);
  }

  /**
   * What lies in the folder now.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  @Override
  public synchronized Endorsements get() {
    try {
      Map<Path, String> files = files();
      if (!files.equals(seen)) {
        List<byte[]> contents = new ArrayList<>();
        for (Path file : files.keySet()) {
          contents.add(Files.readAllBytes(file));
        }
        last = Endorsements.of(contents);
        seen = files;
      }
      return last;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // By path, what would change if the file did.
  private Map<Path, String> files() throws IOException {
    Map<Path, String> files = new LinkedHashMap<>();
    try (Stream<Path> walk = Files.walk(folder, depth)) {
      for (Path each : walk.sorted().toList()) {
        BasicFileAttributes attributes = Files.readAttributes(each, BasicFileAttributes.class);
        if (attributes.isRegularFile() && attributes.size() <= FILE_BYTES_MAX) {
          files.put(
              each,
              attributes.size() + " " + attributes.lastModifiedTime() + " " + attributes.fileKey());
        }
        if (files.size() > FILES_MAX) {
          throw new IOException(folder + " holds more than " + FILES_MAX + " files");
        }
      }
    }
    return files;
  }
}
