package plinius.evaluation.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import plinius.kernel.Workers;
import plinius.seal.SecretBytes;

/** Checkpoints in a file: encrypt, write, fsync; read, decrypt. */
final class FileStore implements Store {
  /** When to fsync. */
  enum Sync {
    /** After each buffer, as the paper's baseline does. */
    EACH_BUFFER("file, fsync each buffer"),
    /** Once at the end: enough for a checkpoint, and fair. */
    AT_THE_END("file, one fsync");

    private final String text;

    Sync(String text) {
      this.text = text;
    }
  }

  private final Path file;
  private final Sync sync;
  private final Buffers buffers;

  FileStore(Path file, Sync sync, Model model, SecretBytes key, Workers workers) {
    this.file = file;
    this.sync = sync;
    this.buffers = new Buffers(model, key, workers);
  }

  @Override
  public String name() {
    return sync.text;
  }

  @Override
  public void save() {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      buffers.share((lane, part) -> write(channel, lane.seal(part), part));
      if (sync == Sync.AT_THE_END) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void restore() {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      buffers.share(
          (lane, part) -> {
            read(channel, lane.incoming(), part);
            lane.unseal(part);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(FileChannel channel, byte[] sealed, Buffers.Part part) {
    ByteBuffer bytes = ByteBuffer.wrap(sealed, 0, part.sealedBytes());
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes, part.at() + bytes.position());
      }
      if (sync == Sync.EACH_BUFFER) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(FileChannel channel, byte[] into, Buffers.Part part) {
    ByteBuffer bytes = ByteBuffer.wrap(into, 0, part.sealedBytes());
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, part.at() + bytes.position()) < 0) {
          throw new IllegalStateException(file + " is too short");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean forget() {
    return PageCache.forget(file);
  }

  @Override
  public void close() {
    buffers.close();
  }
}
