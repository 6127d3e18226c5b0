package plinius.ingest;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import plinius.dataset.DataSetException;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;

/**
 * The binary versions of CIFAR-10 and CIFAR-100 (cs.toronto.edu/~kriz/cifar.html): records of one
 * label, or of a coarse and a fine one, and 3 planes of 32 x 32 bytes. Holds one sample at a time.
 */
public final class CifarSource implements SampleSource {
  private static final int PLANE = 32 * 32;

  private final List<Path> files;
  private final int labels;
  private final SampleKind kind;
  private final long count;
  private int file;
  private InputStream in = InputStream.nullInputStream();

  private CifarSource(List<Path> files, int labels, int classes) {
    this.files = List.copyOf(files);
    this.labels = labels;
    kind = new SampleKind(32, 32, 3, classes);
    count = files.stream().mapToLong(each -> records(each, labels + 3 * PLANE)).sum();
  }

  /** The ten classes' files, such as data_batch_1.bin to data_batch_5.bin. */
  public static CifarSource ten(List<Path> files) {
    return new CifarSource(files, 1, 10);
  }

  /** The hundred classes' file, train.bin or test.bin; the fine label counts. */
  public static CifarSource hundred(List<Path> files) {
    return new CifarSource(files, 2, 100);
  }

  private static long records(Path file, int recordBytes) {
    try {
      long bytes = Files.size(file);
      if (!Files.isRegularFile(file) || bytes == 0 || bytes % recordBytes != 0) {
        throw new DataSetException.BadInput(
            "bad CIFAR file %s: %d bytes are not a number of records of %d bytes each"
                .formatted(file, bytes, recordBytes));
      }
      return bytes / recordBytes;
    } catch (IOException e) {
      throw Sources.unreadable(file, e);
    }
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public Optional<Sample> next() {
    Path open = files.get(Math.max(0, file - 1));
    try {
      byte[] record = in.readNBytes(labels + 3 * PLANE);
      while (record.length == 0) {
        in.close();
        if (file == files.size()) {
          return Optional.empty();
        }
        open = files.get(file++);
        in = new BufferedInputStream(Files.newInputStream(open), 1 << 16);
        record = in.readNBytes(labels + 3 * PLANE);
      }
      int label = record[labels - 1] & 0xff;
      if (record.length < labels + 3 * PLANE || label >= kind.classes()) {
        throw new DataSetException.BadInput(
            "bad CIFAR file %s: a record of %d bytes has label %d, and there are %d classes"
                .formatted(open, record.length, label, kind.classes()));
      }
      byte[] pixels = new byte[3 * PLANE];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = record[labels + i % 3 * PLANE + i / 3];
      }
      return Optional.of(new Sample(pixels, label));
    } catch (IOException e) {
      throw Sources.unreadable(open, e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UnusableFile("cannot close a CIFAR file", e);
    }
  }
}
