package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file operations that configfs-tsm wants. Others than the kernel's override them, since no
 * ordinary folder can play it: making an entry makes its attributes, and removing it removes them.
 */
class TsmEntries {
  private final Path directory;

  TsmEntries(Path directory) {
    this.directory = directory;
  }

  void make(String entry) throws IOException {
    Files.createDirectory(directory.resolve(entry));
  }

  byte[] read(String entry, String attribute) throws IOException {
    return Files.readAllBytes(directory.resolve(entry).resolve(attribute));
  }

  String text(String entry, String attribute) throws IOException {
    return new String(read(entry, attribute), StandardCharsets.US_ASCII).strip();
  }

  /** In one write: the kernel takes each as a whole new value. */
  void write(String entry, String attribute, byte[] value) throws IOException {
    Files.write(directory.resolve(entry).resolve(attribute), value, StandardOpenOption.WRITE);
  }

  void remove(String entry) throws IOException {
    Files.delete(directory.resolve(entry));
  }
}
