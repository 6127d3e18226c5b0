package plinius.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;
import plinius.testkit.Seeded;

class IdxSourceTest {
  private static final byte[] PIXELS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (byte) 255};

  @TempDir Path folder;
  private Path images;
  private Path labels;

  @BeforeEach
  void write() throws IOException {
    images = file("images", idx(PIXELS, 2, 2, 3));
    labels = file("labels", idx(new byte[] {4, 0}, 2));
  }

  @Test
  void plain_files_give_their_samples_in_order() {
    assertSamples(images, labels);
  }

  @Test
  void gzipped_files_give_the_same() throws IOException {
    assertSamples(
        file("images.gz", gzip(Files.readAllBytes(images))),
        file("labels.gz", gzip(Files.readAllBytes(labels))));
  }

  private static void assertSamples(Path images, Path labels) {
    try (SampleSource source = IdxSource.open(images, labels)) {
      assertThat(source.kind()).isEqualTo(new SampleKind(2, 3, 1, 5));
      assertThat(source.count()).isEqualTo(2);
      Sample one = source.next().orElseThrow();
      Sample two = source.next().orElseThrow();
      assertThat(one.values()).isEqualTo(Arrays.copyOf(PIXELS, 6));
      assertThat(one.label()).isEqualTo(new Label.Category(4));
      assertThat(two.values()).isEqualTo(Arrays.copyOfRange(PIXELS, 6, 12));
      assertThat(two.label()).isEqualTo(new Label.Category(0));
      assertThat(source.next()).isEmpty();
      assertThat(source.next()).isEmpty();
    }
  }

  @Test
  void four_dimensions_are_height_width_channels() throws IOException {
    Path colour = file("colour", idx(PIXELS, 2, 1, 2, 3));
    try (SampleSource source = IdxSource.open(colour, labels, OptionalInt.of(10))) {
      assertThat(source.kind()).isEqualTo(new SampleKind(1, 2, 3, 10));
      assertThat(source.next().orElseThrow().values()).isEqualTo(Arrays.copyOf(PIXELS, 6));
    }
  }

  @Test
  void a_label_above_127_is_not_negative() throws IOException {
    Path high = file("high", idx(new byte[] {(byte) 200, 0}, 2));
    try (SampleSource source = IdxSource.open(images, high)) {
      assertThat(source.kind().classes()).isEqualTo(201);
      assertThat(source.next().orElseThrow().label()).isEqualTo(new Label.Category(200));
    }
  }

  @Test
  void each_defect_is_named_with_its_file() throws IOException {
    byte[] good = Files.readAllBytes(images);
    assertBad(file("a", new byte[0]), labels, "truncated");
    assertBad(file("b", Arrays.copyOf(good, 7)), labels, "truncated");
    assertBad(file("c", Arrays.copyOf(good, good.length - 1)), labels, "truncated");
    assertBad(file("d", Arrays.copyOf(good, good.length + 1)), labels, "something follows");
    assertBad(file("e", new byte[] {'P', 'K', 3, 4}), labels, "does not start as one");
    assertBad(file("f", new byte[] {0, 0, 13, 3}), labels, "type 13");
    assertBad(file("g", idx(new byte[] {1}, 1)), labels, "3 or 4 dimensions");
    assertBad(file("h", idx(PIXELS, 4, 1, 3)), labels, "do not belong together");
    assertBad(file("i", idx(PIXELS, -1, 1, 3)), labels, "beyond 2147483647");
    assertBad(file("j", idx(PIXELS, 2, 0, 3)), labels, "1 or more");
    assertBad(file("k", idx(PIXELS, 2, 1 << 30, 1 << 30)), labels, "at most");
    assertBad(file("l", Arrays.copyOf(gzip(good), 25)), labels, "truncated");
    assertBad(folder.resolve("none"), labels, "no such file");
    assertBad(folder, labels, "folder");
    assertBad(labels, images, "exchanged");
    byte[] damaged = gzip(good);
    damaged[damaged.length - 6] ^= 1;
    assertBad(file("m", damaged), labels, "gzip");
  }

  @Test
  void empty_files_are_refused() throws IOException {
    assertBad(
        file("none-images", idx(new byte[0], 0, 2, 3)),
        file("none-labels", idx(new byte[0], 0)),
        "empty");
  }

  private static void assertBad(Path images, Path labels, String reason) {
    assertThatThrownBy(() -> drain(images, labels))
        .isInstanceOf(DataSetException.BadInput.class)
        .hasMessageContaining(reason)
        .hasMessageContaining(images.toString());
  }

  private static List<Sample> drain(Path images, Path labels) {
    List<Sample> samples = new ArrayList<>();
    try (SampleSource source = IdxSource.open(images, labels, OptionalInt.of(256))) {
      for (Optional<Sample> next = source.next(); next.isPresent(); next = source.next()) {
        samples.add(next.get());
      }
    }
    return samples;
  }

  @Test
  void a_header_that_promises_gigabytes_allocates_none() throws IOException {
    Path huge = file("huge", idx(PIXELS, Integer.MAX_VALUE, 512, 511));
    Path hugeLabels = file("huge-labels", idx(new byte[] {1, 2}, Integer.MAX_VALUE));
    assertBad(huge, hugeLabels, "truncated");
    assertThatThrownBy(() -> IdxSource.open(huge, hugeLabels))
        .isInstanceOf(DataSetException.BadInput.class)
        .hasMessageContaining("huge-labels");
  }

  @Test
  void no_garbage_crashes_the_parser() throws IOException {
    Seeded seeded = Seeded.fresh();
    byte[] good = Files.readAllBytes(images);
    byte[] goodGzip = gzip(good);
    Path file = folder.resolve("fuzzed");
    for (int i = 0; i < 1500; i++) {
      byte[] start = i % 2 == 0 ? good : goodGzip;
      byte[] bad = Arrays.copyOf(start, seeded.random().nextInt(start.length + 4));
      for (int change = seeded.random().nextInt(4); change > 0 && bad.length > 0; change--) {
        bad[seeded.random().nextInt(Math.min(bad.length, 40))] = (byte) seeded.random().nextInt();
      }
      Files.write(file, bad);
      try {
        assertThat(drain(file, labels)).as("%s", seeded).hasSize(2);
      } catch (DataSetException | UnusableFile expected) {
        assertThat(expected)
            .as("%s", seeded)
            .isInstanceOf(DataSetException.BadInput.class)
            .hasMessageContaining("fuzzed");
      }
    }
  }

  @Test
  void mnist_is_read_if_it_is_there() {
    Path mnist = Path.of(System.getProperty("plinius.data", "none"), "mnist");
    assumeTrue(Files.isDirectory(mnist), "MNIST is not on this machine");
    int[] count = new int[10];
    try (SampleSource source =
        IdxSource.open(
            mnist.resolve("t10k-images-idx3-ubyte.gz"),
            mnist.resolve("t10k-labels-idx1-ubyte.gz"))) {
      assertThat(source.kind()).isEqualTo(new SampleKind(28, 28, 1, 10));
      for (Optional<Sample> next = source.next(); next.isPresent(); next = source.next()) {
        count[((Label.Category) next.get().label()).number()]++;
      }
    }
    assertThat(count).containsExactly(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009);
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  static byte[] idx(byte[] items, int... sizes) {
    ByteBuffer idx = ByteBuffer.allocate(4 + 4 * sizes.length + items.length);
    idx.putInt(8 << 8 | sizes.length);
    for (int size : sizes) {
      idx.putInt(size);
    }
    return idx.put(items).array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
