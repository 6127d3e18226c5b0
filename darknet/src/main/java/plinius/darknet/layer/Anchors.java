package plinius.darknet.layer;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import plinius.darknet.NetworkException;
import plinius.darknet.cfg.Section;

/**
 * Boxes by their place in a grid and the size of an anchor, as region and yolo layers predict them
 * (darknet get_region_box, delta_region_box, get_yolo_box, delta_yolo_box at f6afaab).
 *
 * @param h rows of the grid
 * @param w its columns
 * @param sizes (anchors, 2): width and height
 * @param unitW what an anchor's width counts in, of the whole image
 * @param unitH the same for its height
 */
@SuppressWarnings("ArrayRecordComponent")
record Anchors(int h, int w, float[] sizes, float unitW, float unitH) {
  /** The sizes that a section gives; .5 for those that it does not. */
  static float[] sizes(Section section, int count) {
    float[] given = section.decimals("anchors");
    if (given.length > 2 * count) {
      throw section.refuse(
          "anchors", "gives " + given.length + " numbers; num=" + count + " needs " + 2 * count);
    }
    float[] sizes = new float[2 * count];
    Arrays.fill(sizes, .5f);
    System.arraycopy(given, 0, sizes, 0, given.length);
    return sizes;
  }

  /** Classes by other numbers, if the section names a file with them. */
  static int[] map(Section section, int classes, UnaryOperator<String> files) {
    if (!section.has("map")) {
      int[] same = new int[classes];
      Arrays.setAll(same, i -> i);
      return same;
    }
    try {
      return files
          .apply(section.word("map"))
          .lines()
          .filter(line -> !line.isBlank())
          .mapToInt(line -> Integer.parseInt(line.strip()))
          .toArray();
    } catch (NumberFormatException e) {
      throw section.refuse("map", "must have a class's number in each line.");
    }
  }

  /** The class that a truth names. */
  static int truthClass(float truth, int[] map, int classes) {
    int number = (int) truth;
    int mapped = number >= 0 && number < map.length ? map[number] : -1;
    if (mapped < 0 || mapped >= classes) {
      throw new NetworkException(
          "a truth names a class that the layer, with " + classes + " classes, does not have.");
    }
    return mapped;
  }

  /** The cell that a place falls into, of so many. */
  static int cell(float place, int cells) {
    int cell = (int) (place * cells);
    if (cell < 0 || cell >= cells) {
      throw new NetworkException("a truth's box has its middle outside the image.");
    }
    return cell;
  }

  Box size(int anchor) {
    return new Box(0, 0, sizes[2 * anchor] / unitW, sizes[2 * anchor + 1] / unitH);
  }

  Box box(float[] x, int at, int anchor, int row, int column) {
    return new Box(
        (column + x[at]) / w,
        (row + x[at + 1]) / h,
        (float) (StrictMath.exp(x[at + 2]) * sizes[2 * anchor] / unitW),
        (float) (StrictMath.exp(x[at + 3]) * sizes[2 * anchor + 1] / unitH));
  }

  /** Sets the delta of a box's four values; returns how well it met the truth. */
  float pull(
      Box truth, float[] x, float[] delta, int at, int anchor, int row, int column, float scale) {
    delta[at] = scale * (truth.x() * w - column - x[at]);
    delta[at + 1] = scale * (truth.y() * h - row - x[at + 1]);
    float tw = (float) StrictMath.log(truth.w() * unitW / sizes[2 * anchor]);
    float th = (float) StrictMath.log(truth.h() * unitH / sizes[2 * anchor + 1]);
    delta[at + 2] = scale * (tw - x[at + 2]);
    delta[at + 3] = scale * (th - x[at + 3]);
    return box(x, at, anchor, row, column).iou(truth);
  }
}
