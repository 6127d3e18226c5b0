package plinius.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.DataSetException;
import plinius.ingest.Pictures.Size;
import plinius.ingest.Pictures.Split;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;
import plinius.testkit.Seeded;

/**
 * Damaged files of every kind: they become samples, or an error that names the file. Nothing else
 * is thrown, whatever the bytes are.
 */
final class FuzzTest {
  private static final int ROUNDS = 150;

  @TempDir private Path folder;

  private final Seeded seeded = Seeded.fresh();
  private final Random random = seeded.random();

  /** Opens files as a data set. */
  private interface Opener {
    SampleSource open() throws IOException;
  }

  /** Some bytes changed, cut out, doubled or put in; now and then the end is missing. */
  private byte[] mutated(byte[] good) {
    byte[] bytes = good.clone();
    for (int edits = 1 + random.nextInt(6); edits > 0 && bytes.length > 0; edits--) {
      int at = random.nextInt(bytes.length);
      int some = Math.min(bytes.length - at, 1 + random.nextInt(8));
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 ->
            bytes[at] = "\0\n,=-.9/ \t".getBytes(StandardCharsets.US_ASCII)[random.nextInt(10)];
        case 3 -> bytes = joined(bytes, at, bytes, at + some);
        case 4 -> bytes = joined(bytes, at + some, bytes, at);
        default -> bytes = java.util.Arrays.copyOf(bytes, at);
      }
    }
    return bytes;
  }

  /** The beginning of one and the end of the other. */
  private static byte[] joined(byte[] head, int to, byte[] tail, int from) {
    return ByteBuffer.allocate(to + tail.length - from)
        .put(head, 0, to)
        .put(tail, from, tail.length - from)
        .array();
  }

  private void fuzz(String name, byte[] good, Opener opener) throws IOException {
    fuzz(name, good, ROUNDS, opener);
  }

  private void fuzz(String name, byte[] good, int rounds, Opener opener) throws IOException {
    Path file = folder.resolve(name);
    int read = 0;
    for (int i = 0; i <= rounds; i++) {
      byte[] bytes = i == 0 ? good : mutated(good);
      Files.write(file, bytes);
      try (SampleSource source = opener.open()) {
        for (Optional<Sample> next = source.next(); next.isPresent(); next = source.next()) {
          assertThat(next.get().values()).hasSize(source.kind().valueBytes());
        }
        read++;
      } catch (DataSetException | UnusableFile e) {
        assertThat(i).as("the undamaged %s: %s", name, e.getMessage()).isPositive();
        assertThat(e.getMessage()).as("%s, round %d", seeded, i).isNotEmpty();
      } catch (RuntimeException | OutOfMemoryError e) {
        throw new AssertionError(name + ", " + seeded + ", round " + i + ": " + e, e);
      }
    }
    assertThat(read).as("%s read at %s", name, seeded).isPositive();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] picture(String format) throws IOException {
    BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 63; i++) {
      image.setRGB(i % 9, i / 9, 0x10203 * i);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, format, out);
    return out.toByteArray();
  }

  @Test
  void pictures() throws IOException {
    for (String format : List.of("png", "jpg")) {
      String name = "a." + format;
      fuzz(
          name,
          picture(format),
          () -> Pictures.ofUnknown(List.of(folder.resolve(name)), 2, new Size(4, 5, 3)));
    }
  }

  @Test
  void lists_of_pictures_their_names_and_their_boxes() throws IOException {
    Files.write(folder.resolve("cat.png"), picture("png"));
    Files.write(folder.resolve("cat.txt"), text("0 .5 .5 .25 .25\n1 .1 .2 .1 .1\n"));
    Files.write(folder.resolve("names"), text("cat\ndog\n"));
    Files.write(folder.resolve("list"), text("cat.png\ncat.png\n"));
    Files.write(folder.resolve("my.data"), text("# a comment\ntrain = list\nnames=names\n"));
    Path data = folder.resolve("my.data");
    Opener scenes = () -> Pictures.ofScenes(data, Split.TRAIN, new Size(4, 4, 1));

    for (String name : List.of("my.data", "list", "names", "cat.txt")) {
      byte[] good = Files.readAllBytes(folder.resolve(name));
      fuzz(name, good, scenes);
      fuzz(name, good, 40, () -> Pictures.ofClasses(data, Split.TRAIN, new Size(4, 4, 1)));
      Files.write(folder.resolve(name), good);
    }
  }

  @Test
  void tables() throws IOException {
    byte[] table = text("a,b,class\n1,2.5,0\n-3,4e1,1\n\n7,.5,1\n");
    Path file = folder.resolve("t.csv");

    fuzz("t.csv", table, () -> CsvSource.classes(file, 2, 0));
    fuzz("t.csv", table, () -> CsvSource.classes(file, 2, 2));
    fuzz("t.csv", table, () -> CsvSource.targets(file, 1));
  }

  @Test
  void idx_plain_and_compressed() throws IOException {
    byte[] images =
        ByteBuffer.allocate(16 + 3 * 20).putInt(0x803).putInt(3).putInt(4).putInt(5).array();
    byte[] labels = ByteBuffer.allocate(8 + 3).putInt(0x801).putInt(3).put((byte) 2).array();
    Files.write(folder.resolve("labels"), labels);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(images);
    }

    fuzz(
        "images", images, () -> IdxSource.open(folder.resolve("images"), folder.resolve("labels")));
    fuzz(
        "x.gz",
        packed.toByteArray(),
        () -> IdxSource.open(folder.resolve("x.gz"), folder.resolve("labels")));
    Files.write(folder.resolve("images"), images);
    fuzz(
        "labels", labels, () -> IdxSource.open(folder.resolve("images"), folder.resolve("labels")));
  }

  @Test
  void cifar_and_texts() throws IOException {
    fuzz(
        "ten.bin",
        new byte[2 * 3073],
        100,
        () -> CifarSource.ten(List.of(folder.resolve("ten.bin"))));
    fuzz(
        "t.txt",
        text("Call me Ishmael. ".repeat(9)),
        () -> TextSource.open(folder.resolve("t.txt")));
  }
}
