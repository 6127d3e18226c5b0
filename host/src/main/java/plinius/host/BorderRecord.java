package plinius.host;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes down every byte that crosses the border, in the order in which it does, so that a test can
 * search all of it for what must not be there.
 */
final class BorderRecord {
  private final OutputStream file;

  private BorderRecord(OutputStream file) {
    this.file = file;
  }

  /** Appends to a file. */
  static BorderRecord to(Path file) {
    try {
      return new BorderRecord(
          Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new HostException.BadInput(
          "cannot write the record of the border " + file + ": " + HostException.why(e), e);
    }
  }

  private synchronized void record(byte[] bytes, int at, int length) throws IOException {
    file.write(bytes, at, length);
  }

  /** The same stream; what is read from it is written down. */
  InputStream of(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int at, int length) throws IOException {
        int read = super.read(bytes, at, length);
        if (read > 0) {
          record(bytes, at, read);
        }
        return read;
      }
    };
  }

  /** The same stream; what is written to it is written down. */
  OutputStream of(OutputStream out) {
    return new FilterOutputStream(out) {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int at, int length) throws IOException {
        record(bytes, at, length);
        this.out.write(bytes, at, length);
      }
    };
  }
}
