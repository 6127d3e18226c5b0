package plinius.ingest;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;

/**
 * Scenes that are drawn, never downloaded: discs, squares and triangles of any colour on noise, as
 * PNG files with the texts and lists that Darknet's detectors read. The same pixels for the same
 * seed on every machine.
 */
public final class DrawnScenes {
  /** What there is to find, by number of the class. */
  public static final List<String> NAMES = List.of("disc", "square", "triangle");

  private static final int THINGS_MAX = 4;

  private final int side;
  private final SplittableRandom random;

  /**
   * A maker of scenes.
   *
   * @param side of each scene in pixels
   */
  public DrawnScenes(int side, long seed) {
    if (side < 16 || side > 2048) {
      throw new DataSetException.BadInput(
          "a drawn scene has 16 to 2048 pixels a side, got " + side);
    }
    this.side = side;
    random = new SplittableRandom(seed);
  }

  /**
   * Writes scenes into a folder, with {@code scenes.data} for {@code plinius data seal --scenes}.
   *
   * @return that file
   */
  public Path write(Path folder, int count) {
    if (count < 1 || count > 1_000_000) {
      throw new DataSetException.BadInput("draw 1 to 1000000 scenes, got " + count);
    }
    try {
      Files.createDirectories(folder);
      List<String> list = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String name = String.format(Locale.ROOT, "%06d", i);
        list.add(name + ".png");
        List<String> lines = new ArrayList<>();
        BufferedImage picture = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (Label.Box box : draw(picture)) {
          lines.add(
              String.format(
                  Locale.ROOT,
                  "%d %.6f %.6f %.6f %.6f",
                  box.category(),
                  box.x(),
                  box.y(),
                  box.w(),
                  box.h()));
        }
        BoxedPicture.writePng(picture, folder.resolve(name + ".png"));
        Files.write(folder.resolve(name + ".txt"), lines);
      }
      Files.write(folder.resolve("scenes.list"), list);
      Files.write(folder.resolve("scenes.names"), NAMES);
      return Files.write(
          folder.resolve("scenes.data"),
          List.of(
              "classes = " + NAMES.size(),
              "train = scenes.list",
              "valid = scenes.list",
              "names = scenes.names"));
    } catch (IOException e) {
      throw new DataSetException.BadInput("cannot write scenes into " + folder + ": " + e);
    }
  }

  /** Fills a picture; the boxes of what is in it. */
  private List<Label.Box> draw(BufferedImage picture) {
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        picture.setRGB(x, y, grey(40 + random.nextInt(50)));
      }
    }
    List<Label.Box> boxes = new ArrayList<>();
    int things = 1 + random.nextInt(THINGS_MAX);
    for (int tries = 0; boxes.size() < things && tries < 50; tries++) {
      int size = side / 5 + random.nextInt(side / 4);
      int left = random.nextInt(side - size);
      int top = random.nextInt(side - size);
      int category = random.nextInt(NAMES.size());
      Label.Box box =
          new Label.Box(
              category,
              (left + size / 2f) / side,
              (top + size / 2f) / side,
              (float) size / side,
              (float) size / side);
      if (boxes.stream().noneMatch(other -> touch(box, other))) {
        fill(picture, category, left, top, size);
        boxes.add(box);
      }
    }
    return boxes;
  }

  private static boolean touch(Label.Box a, Label.Box b) {
    return Math.abs(a.x() - b.x()) < (a.w() + b.w()) / 2
        && Math.abs(a.y() - b.y()) < (a.h() + b.h()) / 2;
  }

  private void fill(BufferedImage picture, int category, int left, int top, int size) {
    int colour =
        (120 + random.nextInt(136)) << 16
            | (120 + random.nextInt(136)) << 8
            | (120 + random.nextInt(136));
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        // Twice the distance from the middle, so that it is whole.
        int dx = Math.abs(2 * x + 1 - size);
        int dy = 2 * y + 1 - size;
        boolean inside =
            switch (category) {
              case 0 -> dx * dx + dy * dy <= size * size;
              case 1 -> true;
              default -> dx <= y + 1;
            };
        if (inside) {
          picture.setRGB(left + x, top + y, colour);
        }
      }
    }
  }

  private static int grey(int light) {
    return light << 16 | light << 8 | light;
  }
}
