package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file operations that configfs-tsm wants. An interface only because no ordinary folder can
 * play it: making an entry makes its attributes, and removing it removes them.
 */
interface TsmEntries {
  void make(String entry) throws IOException;

  byte[] read(String entry, String attribute) throws IOException;

  /** In one write: the kernel takes each as a whole new value. */
  void write(String entry, String attribute, byte[] value) throws IOException;

  void remove(String entry) throws IOException;

  /** The kernel's. */
  static TsmEntries below(Path directory) {
    return new TsmEntries() {
      @Override
      public void make(String entry) throws IOException {
        Files.createDirectory(directory.resolve(entry));
      }

      @Override
      public byte[] read(String entry, String attribute) throws IOException {
        return Files.readAllBytes(directory.resolve(entry).resolve(attribute));
      }

      @Override
      public void write(String entry, String attribute, byte[] value) throws IOException {
        Files.write(directory.resolve(entry).resolve(attribute), value, StandardOpenOption.WRITE);
      }

      @Override
      public void remove(String entry) throws IOException {
        Files.delete(directory.resolve(entry));
      }
    };
  }
}
