package plinius.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import plinius.boundary.Bytes;

/** What the enclave answers, sealed to the owner: the file appears whole, or not at all. */
final class ResultFile implements AutoCloseable {
  private final Path file;
  private final Path making;
  private final OutputStream out;

  ResultFile(Path file) {
    this.file = file;
    making = file.resolveSibling(file.getFileName() + ".making");
    try {
      out = Files.newOutputStream(making);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private HostException failed(IOException e) {
    return new HostException.Medium(
        "cannot write the sealed result " + file + ": " + HostException.why(e), e);
  }

  void add(Bytes sealed) {
    try {
      out.write(sealed.array());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void complete() {
    try {
      out.close();
      Files.move(making, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    try (out) {
      Files.deleteIfExists(making);
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
