package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** A .weights file as a whole. It holds a model in plain: nobody but its owner may read it. */
final class WeightsFile {
  private WeightsFile() {}

  static byte[] read(Path file) {
    SealedFiles.requireReadable(file, "name a .weights file of Darknet");
    try {
      if (Files.size(file) > Integer.MAX_VALUE - 64) {
        throw new Refusal(
            ExitCode.BAD_INPUT, file + " has more than 2 GiB, for which there is no network here");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read " + file + ": " + Failures.why(e));
    }
  }

  /** Appears whole, or not at all. */
  static void write(Path file, byte[] bytes) {
    Path making = file.resolveSibling(file.getFileName() + ".making");
    try {
      Files.deleteIfExists(making);
      try {
        Files.createFile(
            making,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(making, bytes);
        Files.move(
            making, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(making); // what failed leaves no model in plain
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot write " + file + ": " + Failures.why(e));
    }
  }
}
