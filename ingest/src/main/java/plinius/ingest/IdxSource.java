package plinius.ingest;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import plinius.dataset.DataSetException;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;

/**
 * Images and labels from two IDX files (yann.lecun.com/exdb/mnist), plain or gzipped: unsigned
 * bytes, images of 3 dimensions (count, height, width) or 4 (count, height, width, channels),
 * labels of 1. Holds one sample at a time, whatever a header claims.
 */
public final class IdxSource implements SampleSource {
  private static final int UNSIGNED_BYTE = 8;
  private static final int BUFFER_BYTES = 1 << 16;

  private final Idx images;
  private final Idx labels;
  private final SampleKind kind;
  private long read;

  private IdxSource(Idx images, Idx labels, SampleKind kind) {
    this.images = images;
    this.labels = labels;
    this.kind = kind;
  }

  /**
   * Opens both; the number of classes is the highest label + 1 (the labels are read once for it).
   */
  public static IdxSource open(Path images, Path labels) {
    return open(images, labels, OptionalInt.empty());
  }

  /**
   * Opens both.
   *
   * @param classes if the labels do not show them all
   */
  public static IdxSource open(Path images, Path labels, OptionalInt classes) {
    int found = classes.isPresent() ? classes.getAsInt() : classesIn(labels);
    Idx imageIdx = Idx.open(images);
    try {
      Idx labelIdx = Idx.open(labels);
      try {
        return new IdxSource(imageIdx, labelIdx, kind(imageIdx, labelIdx, found));
      } catch (RuntimeException e) {
        labelIdx.close();
        throw e;
      }
    } catch (RuntimeException e) {
      imageIdx.close();
      throw e;
    }
  }

  private static SampleKind kind(Idx images, Idx labels, int classes) {
    int dimensions = images.sizes.length;
    if (dimensions != 3 && dimensions != 4) {
      throw images.bad(
          "images have 3 or 4 dimensions, this has "
              + dimensions
              + (dimensions == 1 ? " (are images and labels exchanged?)" : ""));
    }
    requireLabels(labels);
    if (images.sizes[0] != labels.sizes[0]) {
      throw new DataSetException.BadInput(
          images.file
              + " has "
              + images.sizes[0]
              + " images, "
              + labels.file
              + " has "
              + labels.sizes[0]
              + " labels: they do not belong together");
    }
    if (images.sizes[0] == 0) {
      throw images.bad("it is empty");
    }
    try {
      return new SampleKind(
          images.sizes[1], images.sizes[2], dimensions == 4 ? images.sizes[3] : 1, classes);
    } catch (DataSetException.BadInput e) {
      throw images.bad(e.getMessage());
    }
  }

  private static void requireLabels(Idx labels) {
    if (labels.sizes.length != 1) {
      throw labels.bad(
          "labels have 1 dimension, this has "
              + labels.sizes.length
              + (labels.sizes.length == 3 ? " (are images and labels exchanged?)" : ""));
    }
  }

  private static int classesIn(Path labels) {
    try (Idx idx = Idx.open(labels)) {
      requireLabels(idx);
      byte[] chunk = new byte[BUFFER_BYTES];
      int highest = 0;
      for (long rest = idx.sizes[0]; rest > 0; ) {
        int length = (int) Math.min(rest, chunk.length);
        idx.read(chunk, length);
        for (int i = 0; i < length; i++) {
          highest = Math.max(highest, chunk[i] & 0xff);
        }
        rest -= length;
      }
      return highest + 1;
    }
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return images.sizes[0];
  }

  @Override
  public Optional<Sample> next() {
    if (read == count()) {
      images.requireEnd();
      labels.requireEnd();
      return Optional.empty();
    }
    byte[] pixels = new byte[kind.valueBytes()];
    images.read(pixels, pixels.length);
    byte[] label = new byte[1];
    labels.read(label, 1);
    read++;
    return Optional.of(new Sample(pixels, label[0] & 0xff));
  }

  @Override
  public void close() {
    try (images;
        labels) {
      read = 0;
    }
  }

  /**
   * One IDX file: two zero bytes, type, number of dimensions, their sizes (i32), then the items.
   */
  private static final class Idx implements AutoCloseable {
    private final Path file;
    private final DataInputStream in;
    private final int[] sizes;

    private Idx(Path file, DataInputStream in, int[] sizes) {
      this.file = file;
      this.in = in;
      this.sizes = sizes;
    }

    static Idx open(Path file) {
      if (Files.isDirectory(file)) {
        throw new DataSetException.BadInput("bad IDX file " + file + ": it is a folder");
      }
      InputStream raw = null;
      try {
        raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
        raw.mark(2);
        boolean gzipped = raw.read() == 0x1f && raw.read() == 0x8b;
        raw.reset();
        DataInputStream in =
            new DataInputStream(
                gzipped
                    ? new BufferedInputStream(new GZIPInputStream(raw, BUFFER_BYTES), BUFFER_BYTES)
                    : raw);
        return new Idx(file, in, header(file, in));
      } catch (IOException | DataSetException | UnusableFile e) {
        if (raw != null) {
          try {
            raw.close();
          } catch (IOException suppressed) {
            e.addSuppressed(suppressed);
          }
        }
        throw e instanceof RuntimeException known ? known : failed(file, (IOException) e);
      }
    }

    private static int[] header(Path file, DataInputStream in) throws IOException {
      int magic = in.readInt();
      int type = magic >> 8 & 0xff;
      int dimensions = magic & 0xff;
      if (magic >>> 16 != 0 || dimensions == 0 || dimensions > 4) {
        throw bad(file, "it does not start as one (two zeros, a type, 1 to 4 dimensions)");
      }
      if (type != UNSIGNED_BYTE) {
        throw bad(file, "its items have type " + type + ", only unsigned bytes (8) are read");
      }
      int[] sizes = new int[dimensions];
      for (int i = 0; i < dimensions; i++) {
        sizes[i] = in.readInt();
        if (sizes[i] < 0) {
          throw bad(file, "dimension " + (i + 1) + " is beyond 2147483647");
        }
      }
      return sizes;
    }

    void read(byte[] target, int length) {
      try {
        in.readFully(target, 0, length);
      } catch (IOException e) {
        throw failed(file, e);
      }
    }

    void requireEnd() {
      try {
        if (in.read() >= 0) {
          throw bad("something follows the items that its header promises");
        }
      } catch (IOException e) {
        throw failed(file, e);
      }
    }

    DataSetException.BadInput bad(String reason) {
      return bad(file, reason);
    }

    private static DataSetException.BadInput bad(Path file, String reason) {
      return new DataSetException.BadInput("bad IDX file " + file + ": " + reason);
    }

    private static RuntimeException failed(Path file, IOException e) {
      return switch (e) {
        case EOFException _ -> bad(file, "it ends too early: it was truncated");
        case ZipException _ -> bad(file, "its gzip data are damaged: " + e.getMessage());
        case NoSuchFileException _ -> bad(file, "there is no such file");
        default -> new UnusableFile("cannot read " + file, e);
      };
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UnusableFile("cannot close " + file, e);
      }
    }
  }
}
