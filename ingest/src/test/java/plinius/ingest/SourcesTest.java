package plinius.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.UnusableFile;
import plinius.testkit.Seeded;

/** What people's files become, and what is said about files that are not what they should be. */
class SourcesTest {
  @TempDir Path folder;

  private static List<Sample> all(SampleSource source) {
    List<Sample> samples = new ArrayList<>();
    try (source) {
      for (Optional<Sample> next = source.next(); next.isPresent(); next = source.next()) {
        samples.add(next.get());
      }
    }
    assertThat(samples).hasSize((int) source.count());
    return samples;
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Left half red, right half blue. */
  private Path picture(String name, int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, x < width / 2 ? 0xff0000 : 0x0000ff);
      }
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  @Test
  void cifar_planes_become_pixels_over_all_files() throws IOException {
    byte[] record = new byte[2 + 3072];
    record[0] = 7;
    record[1] = 99;
    for (int i = 0; i < 3072; i++) {
      record[2 + i] = (byte) (i / 1024 * 50 + i % 7);
    }
    Path one = Files.write(folder.resolve("one.bin"), record);

    List<Sample> samples = all(CifarSource.hundred(List.of(one, one)));

    assertThat(samples).hasSize(2);
    assertThat(samples.getLast().label()).isEqualTo(new Label.Category(99));
    byte[] pixels = samples.getLast().values();
    assertThat(new byte[] {pixels[3 * 9], pixels[3 * 9 + 1], pixels[3 * 9 + 2]})
        .containsExactly(record[2 + 9], record[2 + 1024 + 9], record[2 + 2048 + 9]);
    assertThatThrownBy(() -> CifarSource.ten(List.of(one)))
        .isInstanceOf(DataSetException.BadInput.class)
        .hasMessageContaining("one.bin");
  }

  @Test
  void a_text_is_cut_into_pieces_and_the_last_says_how_long_it_is() throws IOException {
    Path file = file("text", "abc".repeat(2000));

    List<Sample> pieces = all(TextSource.open(file));

    assertThat(pieces)
        .extracting(Sample::label)
        .containsExactly(new Label.Length(4096), new Label.Length(6000 - 4096));
    assertThat(new String(pieces.getLast().values(), 0, 1904, StandardCharsets.US_ASCII))
        .isEqualTo("abc".repeat(2000).substring(4096));
    assertThatThrownBy(() -> TextSource.open(file("empty", "")))
        .isInstanceOf(DataSetException.BadInput.class);
  }

  @Test
  void a_table_gives_vectors_with_classes_or_with_targets() throws IOException {
    Path table = file("t.csv", "a,b,c\n1.5, 2, 0\n\n-1,4,2\n");

    CsvSource classes = CsvSource.classes(table, 2, 0);
    assertThat(classes.kind()).isEqualTo(new SampleKind(DataKind.VECTORS, 1, 1, 2, 3, 1));
    List<Sample> vectors = all(classes);
    assertThat(vectors.getLast().label()).isEqualTo(new Label.Category(2));
    assertThat(ByteBuffer.wrap(vectors.getFirst().values()).getFloat()).isEqualTo(1.5f);

    List<Sample> targets = all(CsvSource.targets(table, 2));
    assertThat(((Label.Targets) targets.getLast().label()).values()).containsExactly(4, 2);
    assertThat(ByteBuffer.wrap(targets.getLast().values()).getFloat()).isEqualTo(-1);
  }

  @Test
  void a_bad_table_is_refused_with_its_line() throws IOException {
    Path word = file("word.csv", "1,2\n3,x\n");
    Path ragged = file("ragged.csv", "1,2\n3\n");
    Path infinite = file("infinite.csv", "1,2\n1e99,1\n");
    for (Path bad : List.of(word, ragged, infinite)) {
      assertThatThrownBy(() -> all(CsvSource.targets(bad, 1)))
          .isInstanceOf(DataSetException.BadInput.class)
          .hasMessageContaining(bad.getFileName() + ", line 2");
    }
  }

  @Test
  void a_folder_for_each_class_gives_pictures_of_one_size() throws IOException {
    picture("set/cat/1.png", 40, 20);
    picture("set/dog/1.png", 8, 8);
    picture("set/dog/2.png", 8, 16);

    Pictures pictures = Pictures.ofFolder(folder.resolve("set"), new Pictures.Size(4, 4, 3));

    assertThat(pictures.names()).containsExactly("cat", "dog");
    List<Sample> samples = all(pictures);
    assertThat(samples)
        .extracting(Sample::label)
        .containsExactly(new Label.Category(0), new Label.Category(1), new Label.Category(1));
    for (Sample sample : samples) {
      assertThat(sample.values()).startsWith((byte) 255, (byte) 0, (byte) 0);
      assertThat(sample.values()).endsWith((byte) 0, (byte) 0, (byte) 255);
    }
  }

  @Test
  void scenes_are_letterboxed_and_their_boxes_with_them() throws IOException {
    picture("images/a.png", 40, 20);
    file("labels/a.txt", "1 .25 .5 .5 1\n");
    file("train.txt", "images/a.png\n");
    file("names.txt", "red\nblue\n");
    Path data = file("my.data", "train = train.txt\nnames=names.txt\n");

    Pictures scenes = Pictures.ofScenes(data, Pictures.Split.TRAIN, new Pictures.Size(8, 8, 3));

    assertThat(scenes.kind()).isEqualTo(new SampleKind(DataKind.SCENES, 8, 8, 3, 2, 1));
    Sample scene = all(scenes).getFirst();
    assertThat(scene.label())
        .isEqualTo(new Label.Boxes(List.of(new Label.Box(1, .25f, .5f, .5f, .5f))));
    assertThat(scene.values()).startsWith((byte) 128, (byte) 128, (byte) 128);
    assertThatThrownBy(
            () -> Pictures.ofScenes(data, Pictures.Split.VALID, new Pictures.Size(8, 8, 3)))
        .isInstanceOf(DataSetException.BadInput.class)
        .hasMessageContaining("valid");
  }

  /** Whatever comes: samples, or a refusal that names the file. */
  @Test
  void no_garbage_crashes_a_parser() throws IOException {
    Seeded seeded = Seeded.fresh();
    byte[] png = Files.readAllBytes(picture("set/cat/1.png", 12, 9));
    Path fuzzed = folder.resolve("set/cat/1.png");
    Path data = file("my.data", "train = train.txt\nnames=names.txt\n");
    file("train.txt", "set/cat/1.png\n");
    file("names.txt", "cat\n");
    Pictures.Size size = new Pictures.Size(4, 4, 3);
    List<Function<Path, SampleSource>> parsers =
        List.of(
            _ -> Pictures.ofFolder(folder.resolve("set"), size),
            _ -> Pictures.ofScenes(data, Pictures.Split.TRAIN, size),
            file -> CsvSource.classes(file, 1, 0),
            file -> CsvSource.targets(file, 1));
    byte[] table = "a,b\n1,2\n3.5,1\n".getBytes(StandardCharsets.US_ASCII);
    for (int round = 0; round < 800; round++) {
      int parser = round % parsers.size();
      byte[] bytes = (parser == 0 ? png : table).clone();
      for (int changes = seeded.random().nextInt(4); changes >= 0; changes--) {
        bytes[seeded.random().nextInt(bytes.length)] = (byte) seeded.random().nextInt();
      }
      Path target =
          switch (parser) {
            case 0 -> fuzzed;
            case 1 -> folder.resolve("set/cat/1.txt");
            default -> folder.resolve("fuzzed.csv");
          };
      Files.write(parser == 1 ? fuzzed : target, parser == 1 ? png : bytes);
      Files.write(target, bytes);
      try {
        all(parsers.get(parser).apply(target));
      } catch (DataSetException | UnusableFile e) {
        assertThat(e.getMessage()).as("%s", seeded).contains(folder.toString());
      }
    }
  }
}
