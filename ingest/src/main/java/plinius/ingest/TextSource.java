package plinius.ingest;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;

/** A text, cut into pieces; each of its bytes is a character, whatever its encoding. */
public final class TextSource implements SampleSource {
  private static final int PIECE_BYTES = 4096;

  private final String name;
  private final InputStream in;
  private final long bytes;
  private final SampleKind kind;
  private long read;

  private TextSource(String name, InputStream in, long bytes) {
    this.name = name;
    this.in = in;
    this.bytes = bytes;
    int width = (int) Math.min(bytes, PIECE_BYTES);
    kind = new SampleKind(DataKind.TEXT, 1, width, 1, 256, 1);
  }

  /** The text of a file. */
  public static TextSource open(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new DataSetException.BadInput("there is no text file " + file);
      }
      long bytes = Files.size(file);
      requireSome(file.toString(), bytes);
      return new TextSource(
          file.toString(), new BufferedInputStream(Files.newInputStream(file)), bytes);
    } catch (IOException e) {
      throw Sources.unreadable(file, e);
    }
  }

  /** A text at hand. */
  public static TextSource of(String name, byte[] text) {
    requireSome(name, text.length);
    return new TextSource(name, new ByteArrayInputStream(text), text.length);
  }

  private static void requireSome(String name, long bytes) {
    if (bytes == 0) {
      throw new DataSetException.BadInput(name + " is empty: a text has one character at least");
    }
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return Math.ceilDiv(bytes, kind.width());
  }

  @Override
  public Optional<Sample> next() {
    try {
      byte[] piece = in.readNBytes(kind.width());
      read += piece.length;
      if (piece.length == 0 && read == bytes) {
        return Optional.empty();
      }
      if ((piece.length < kind.width() && read != bytes) || read > bytes) {
        throw new DataSetException.BadInput(name + " changed while it was read");
      }
      return Optional.of(
          new Sample(Arrays.copyOf(piece, kind.width()), new Label.Length(piece.length)));
    } catch (IOException e) {
      throw new UnusableFile("cannot read " + name, e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UnusableFile("cannot close " + name, e);
    }
  }
}
