package plinius.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes that others may change at any time: a reader copies first and uses only the copy. May be
 * read by several threads at once.
 */
public interface ByteSource extends AutoCloseable {
  /** How many bytes there are. */
  long bytes();

  /** Copies bytes out; the caller keeps within {@link #bytes()}. */
  void read(long offset, byte[] target, int at, int length);

  @Override
  default void close() {}

  /** The bytes of a file; close it. */
  static ByteSource ofFile(Path file) {
    if (Files.isDirectory(file)) {
      throw new DataSetException.NotADataSet(file.toString(), "it is a folder");
    }
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      return new OfFile(file, channel, channel.size());
    } catch (IOException e) {
      throw new DataSetException.Unusable("cannot open " + file, e);
    }
  }

  /** The bytes of a file as they were counted when it was opened. */
  record OfFile(Path file, FileChannel channel, long bytes) implements ByteSource {
    @Override
    public void read(long offset, byte[] target, int at, int length) {
      ByteBuffer rest = ByteBuffer.wrap(target, at, length);
      try {
        for (long from = offset; rest.hasRemaining(); ) {
          int read = channel.read(rest, from);
          if (read < 0) {
            throw new DataSetException.Tampered(
                file + " ended at byte " + from + " while it was read: it was truncated");
          }
          from += read;
        }
      } catch (IOException e) {
        throw new DataSetException.Unusable("cannot read " + file, e);
      }
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw new DataSetException.Unusable("cannot close " + file, e);
      }
    }
  }
}
