package plinius.owner;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetException;
import plinius.dataset.DataSetInfo;

/** The bytes of a sealed file as they were counted when it was opened. */
public record SealedFile(Path file, FileChannel channel, long bytes) implements ByteSource {
  /** Opens a file; close it. */
  public static SealedFile open(Path file) {
    if (Files.isDirectory(file)) {
      throw new DataSetException.NotADataSet(file.toString(), "it is a folder");
    }
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      return new SealedFile(file, channel, channel.size());
    } catch (IOException e) {
      throw new UnusableFile("cannot open " + file, e);
    }
  }

  /** Reads the plain header of a sealed data set without any key: anyone may have written it. */
  public static DataSetInfo info(Path file) {
    try (SealedFile source = open(file)) {
      return DataSetInfo.readPlain(file.toString(), source);
    }
  }

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
      throw new UnusableFile("cannot read " + file, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UnusableFile("cannot close " + file, e);
    }
  }
}
