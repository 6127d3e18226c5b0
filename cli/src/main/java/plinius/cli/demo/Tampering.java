package plinius.cli.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What somebody may do who holds the machine. */
final class Tampering {
  private Tampering() {}

  /** Flips one bit. */
  static void flipBit(Path file, long offset) throws IOException {
    byte[] one = read(file, offset, 1);
    one[0] ^= 1;
    write(file, offset, one);
  }

  /** Exchanges two stretches of the same length. */
  static void exchange(Path file, long first, long second, int length) throws IOException {
    byte[] a = read(file, first, length);
    byte[] b = read(file, second, length);
    write(file, first, b);
    write(file, second, a);
  }

  /** Copies the files of a folder. */
  static void copyFolder(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static byte[] read(Path file, long offset, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, offset + bytes.position()) < 0) {
          throw new IOException(file + " ends before byte " + (offset + length));
        }
      }
      return bytes.array();
    }
  }

  private static void write(Path file, long offset, byte[] content) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes, offset + bytes.position());
      }
    }
  }
}
