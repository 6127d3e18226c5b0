package plinius.ingest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;
import plinius.owner.SampleSource;

/**
 * PNG and JPEG files as samples of one size: a folder for each class, or Darknet's lists (a .data
 * file that names a list of pictures and one of class names), where a class is found in a picture's
 * path and boxes in a text beside it. Holds one picture at a time.
 */
public final class Pictures implements SampleSource {
  /** Which of a .data file's two lists. */
  public enum Split {
    TRAIN,
    VALID
  }

  /**
   * The size that all samples get.
   *
   * @param channels 3 for colour, 1 for grey
   */
  public record Size(int height, int width, int channels) {
    public Size {
      if (channels != 1 && channels != 3) {
        throw new DataSetException.BadInput("pictures have 1 or 3 channels, got " + channels);
      }
    }
  }

  private record Entry(Path file, Label label) {}

  private final List<Entry> entries;
  private final List<String> names;
  private final SampleKind kind;
  private final Picture.Fit fit;
  private int at;

  private Pictures(List<Entry> entries, List<String> names, SampleKind kind) {
    this.entries = entries;
    this.names = List.copyOf(names);
    this.kind = kind;
    this.fit = kind.data() == DataKind.SCENES ? Picture.Fit.LETTERBOX : Picture.Fit.CROP;
  }

  /** A folder that holds a folder of pictures for each class; the classes in order of name. */
  public static Pictures ofFolder(Path folder, Size size) {
    List<String> names = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    for (Path each : inOrder(folder)) {
      if (!Files.isDirectory(each)) {
        continue;
      }
      for (Path picture : inOrder(each)) {
        if (picture.toString().matches("(?i).*\\.(png|jpg|jpeg)")) {
          entries.add(new Entry(picture, new Label.Category(names.size())));
        }
      }
      names.add(each.getFileName().toString());
    }
    if (entries.isEmpty()) {
      throw new DataSetException.BadInput(
          folder + " holds no folder with PNG or JPEG files: want a folder for each class");
    }
    return new Pictures(
        entries, names, new SampleKind(size.height, size.width, size.channels, names.size()));
  }

  private static List<Path> inOrder(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new DataSetException.BadInput("cannot list the folder " + folder + ": " + e);
    }
  }

  /**
   * The pictures of a .data file, each of the class whose name is part of its path. A picture that
   * has no class, or two, is refused, where the original only warns.
   */
  public static Pictures ofClasses(Path data, Split split, Size size) {
    DataFile file = DataFile.read(data);
    List<String> names = file.names();
    List<Entry> entries = new ArrayList<>();
    for (Path picture : file.pictures(split)) {
      List<Integer> found = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        if (picture.toString().contains(names.get(i))) {
          found.add(i);
        }
      }
      if (found.size() != 1) {
        throw new DataSetException.BadInput(
            picture
                + " has "
                + found.size()
                + " of the labels of "
                + data
                + " in its path, want 1");
      }
      entries.add(new Entry(picture, new Label.Category(found.getFirst())));
    }
    return new Pictures(
        entries, names, new SampleKind(size.height, size.width, size.channels, names.size()));
  }

  /**
   * The pictures of a .data file with the boxes that stand in texts beside them: {@code class x y w
   * h} a line, as shares of the picture; images/a.jpg has labels/a.txt.
   */
  public static Pictures ofScenes(Path data, Split split, Size size) {
    DataFile file = DataFile.read(data);
    List<String> names = file.names();
    List<Entry> entries = new ArrayList<>();
    int most = 1;
    for (Path picture : file.pictures(split)) {
      Label.Boxes boxes = boxes(picture, names.size());
      most = Math.max(most, boxes.boxes().size());
      entries.add(new Entry(picture, boxes));
    }
    return new Pictures(
        entries,
        names,
        new SampleKind(
            DataKind.SCENES, size.height, size.width, size.channels, names.size(), most));
  }

  /** Pictures to look for things in, of which nothing is known. */
  public static Pictures ofUnknown(List<Path> pictures, int classes, Size size) {
    List<Entry> entries =
        pictures.stream().map(file -> new Entry(file, new Label.Boxes(List.of()))).toList();
    return new Pictures(
        entries,
        List.of(),
        new SampleKind(DataKind.SCENES, size.height, size.width, size.channels, classes, 1));
  }

  private static Label.Boxes boxes(Path picture, int classes) {
    Path text =
        Path.of(
            picture
                .toString()
                .replace("JPEGImages", "labels")
                .replace("images", "labels")
                .replaceFirst("(?i)\\.(png|jpg|jpeg)$", ".txt"));
    List<Label.Box> boxes = new ArrayList<>();
    List<String> lines = Sources.lines(text);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isEmpty()) {
        continue;
      }
      String[] words = lines.get(i).split("\\s+", -1);
      if (words.length != 5) {
        throw Sources.bad(text, i + 1, "want class x y w h, got " + words.length + " words");
      }
      int category = Sources.number(text, i + 1, words[0]);
      float[] place = new float[4];
      for (int k = 0; k < 4; k++) {
        place[k] = Sources.decimal(text, i + 1, words[k + 1]);
        if (place[k] < 0 || place[k] > 1) {
          throw Sources.bad(text, i + 1, "a box's place is from 0 to 1, got " + place[k]);
        }
      }
      if (category < 0 || category >= classes) {
        throw Sources.bad(text, i + 1, "class " + category + ", and there are " + classes);
      }
      boxes.add(new Label.Box(category, place[0], place[1], place[2], place[3]));
    }
    return new Label.Boxes(boxes);
  }

  /** Darknet's .data file: {@code key = value} lines; other files are found beside it. */
  private record DataFile(Path file, Map<String, String> values) {
    static DataFile read(Path file) {
      Map<String, String> values = new HashMap<>();
      List<String> lines = Sources.lines(file);
      for (int i = 0; i < lines.size(); i++) {
        String line = lines.get(i);
        if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
          continue;
        }
        int equals = line.indexOf('=');
        if (equals < 1) {
          throw Sources.bad(file, i + 1, "want key = value");
        }
        values.putIfAbsent(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
      }
      return new DataFile(file, values);
    }

    private Path path(String key) {
      String value = values.get(key);
      if (value == null) {
        throw new DataSetException.BadInput(file + " has no line " + key + " = FILE");
      }
      return Sources.beside(file.toAbsolutePath(), value);
    }

    List<String> names() {
      Path list = path(values.containsKey("names") ? "names" : "labels");
      List<String> names = Sources.lines(list).stream().filter(name -> !name.isEmpty()).toList();
      if (names.isEmpty()) {
        throw new DataSetException.BadInput(list + " names no class");
      }
      return names;
    }

    List<Path> pictures(Split split) {
      Path list = path(split == Split.TRAIN ? "train" : "valid");
      List<Path> pictures =
          Sources.lines(list).stream()
              .filter(line -> !line.isEmpty())
              .map(name -> Sources.beside(list, name))
              .toList();
      if (pictures.isEmpty()) {
        throw new DataSetException.BadInput(list + " names no picture");
      }
      return pictures;
    }
  }

  /** What the classes are called, in order. */
  public List<String> names() {
    return names;
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return entries.size();
  }

  @Override
  public Optional<Sample> next() {
    if (at == entries.size()) {
      return Optional.empty();
    }
    Entry entry = entries.get(at++);
    Picture picture = Picture.read(entry.file);
    Label label =
        entry.label instanceof Label.Boxes boxes
            ? new Label.Boxes(
                boxes.boxes().stream()
                    .map(box -> picture.box(box, kind.height(), kind.width(), fit))
                    .toList())
            : entry.label;
    return Optional.of(new Sample(picture.pixels(kind, fit), label));
  }

  @Override
  public void close() {
    // Each picture is closed as soon as it is read.
  }
}
