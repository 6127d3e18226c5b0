package plinius.darknet.data;

import java.util.Arrays;
import plinius.darknet.cfg.Section;

/**
 * What Darknet's detectors do to a scene before they are trained on it (data.c at f6afaab): where
 * it is put, in changed colours, flipped every other time; the boxes move with it, and stand in
 * another order, so that it is not always the same ones that have no room.
 *
 * @param cuts whether a random part of the scene is enlarged, as for [detection] (
 *     load_data_region); else a random shape of the whole scene is put at a random place on grey
 *     (load_data_detection)
 * @param jitter most change of the scene's width and height, as a share of them
 * @param colours how they change
 */
public record Placement(boolean cuts, float jitter, Colours colours) {
  /** Values of a box: x and y of its centre, w and h as shares of the image, and its class. */
  public static final int BOX = 5;

  /** Narrower or lower ones are cut off too much to be told. */
  private static final float LEAST = .001f;

  /** As [net] and the detecting layer at the network's end say. */
  public static Placement of(Section net, Section detector) {
    boolean cuts = detector.type().equals("detection");
    return new Placement(cuts, detector.decimal("jitter"), Colours.of(net));
  }

  /**
   * Places a scene.
   *
   * @param boxes changed to where they are then; those of which nothing is left have a width of 0
   * @param height of the result, in pixels
   * @param width of the result
   */
  public Image place(Image scene, float[] boxes, int height, int width, Chance chance) {
    Image placed =
        cuts ? cut(scene, boxes, height, width, chance) : put(scene, boxes, height, width, chance);
    for (int i = 0, n = boxes.length / BOX; i < n; i++) {
      swap(boxes, i * BOX, chance.below(n) * BOX);
    }
    return placed;
  }

  private Image put(Image scene, float[] boxes, int height, int width, Chance chance) {
    float dw = jitter * scene.w();
    float dh = jitter * scene.h();
    float shape = (scene.w() + chance.between(-dw, dw)) / (scene.h() + chance.between(-dh, dh));
    float newWidth = shape < 1 ? height * shape : width;
    float newHeight = shape < 1 ? height : width / shape;
    float dx = chance.between(0, width - newWidth);
    float dy = chance.between(0, height - newHeight);
    Image placed = Image.grey(height, width, scene.c());
    scene.place((int) newWidth, (int) newHeight, (int) dx, (int) dy, placed);
    colours.distort(placed, chance);
    boolean flip = chance.below(2) == 1;
    if (flip) {
      placed.flip();
    }
    move(boxes, -dx / width, -dy / height, newWidth / width, newHeight / height, flip);
    return placed;
  }

  private Image cut(Image scene, float[] boxes, int height, int width, Chance chance) {
    int dw = (int) (scene.w() * jitter);
    int dh = (int) (scene.h() * jitter);
    int left = (int) chance.between(-dw, dw);
    int right = (int) chance.between(-dw, dw);
    int top = (int) chance.between(-dh, dh);
    int bottom = (int) chance.between(-dh, dh);
    int partWidth = Math.max(1, scene.w() - left - right);
    int partHeight = Math.max(1, scene.h() - top - bottom);
    boolean flip = chance.below(2) == 1;
    Image placed = scene.crop(left, top, partHeight, partWidth).resize(height, width);
    if (flip) {
      placed.flip();
    }
    colours.distort(placed, chance);
    float sx = (float) partWidth / scene.w();
    float sy = (float) partHeight / scene.h();
    float dx = (float) left / scene.w() / sx;
    float dy = (float) top / scene.h() / sy;
    move(boxes, dx, dy, (float) (1. / sx), (float) (1. / sy), flip);
    return placed;
  }

  private static void swap(float[] boxes, int at, int other) {
    float[] box = Arrays.copyOfRange(boxes, at, at + BOX);
    System.arraycopy(boxes, other, boxes, at, BOX);
    System.arraycopy(box, 0, boxes, other, BOX);
  }

  private static void move(float[] boxes, float dx, float dy, float sx, float sy, boolean flip) {
    for (int at = 0; at < boxes.length; at += BOX) {
      float left = (boxes[at] - boxes[at + 2] / 2) * sx - dx;
      float right = (boxes[at] + boxes[at + 2] / 2) * sx - dx;
      float top = Math.clamp((boxes[at + 1] - boxes[at + 3] / 2) * sy - dy, 0f, 1f);
      float bottom = Math.clamp((boxes[at + 1] + boxes[at + 3] / 2) * sy - dy, 0f, 1f);
      float from = Math.clamp(flip ? 1 - right : left, 0f, 1f);
      float to = Math.clamp(flip ? 1 - left : right, 0f, 1f);
      boxes[at] = (from + to) / 2;
      boxes[at + 1] = (top + bottom) / 2;
      boxes[at + 2] = to - from;
      boxes[at + 3] = bottom - top;
    }
  }

  /**
   * A scene's truth as [yolo] and [region] want it (data.c fill_truth_detection): the first of its
   * boxes, one after the other, then zeros.
   *
   * @param truth to fill at [at, at + truths)
   * @param most boxes to look at
   */
  public static void list(float[] boxes, float[] truth, int at, int truths, int most) {
    Arrays.fill(truth, at, at + truths, 0);
    int count = Math.min(Math.min(most, truths / BOX), boxes.length / BOX);
    for (int from = 0; from < count * BOX; from += BOX) {
      if (boxes[from + 2] >= LEAST && boxes[from + 3] >= LEAST) {
        System.arraycopy(boxes, from, truth, at, BOX);
        at += BOX;
      }
    }
  }

  /**
   * A scene's truth as [detection] wants it (data.c fill_truth_region): for each cell of a grid
   * whether a box has its centre there, its class and its place.
   */
  public static void grid(float[] boxes, float[] truth, int at, int side, int classes) {
    int cell = 1 + classes + 4;
    Arrays.fill(truth, at, at + side * side * cell, 0);
    for (int from = 0; from < boxes.length; from += BOX) {
      // A centre on the far border belongs to the last cell; the original writes beyond the grid.
      int column = Math.min(side - 1, (int) (boxes[from] * side));
      int row = Math.min(side - 1, (int) (boxes[from + 1] * side));
      int to = at + (column + row * side) * cell;
      if (boxes[from + 2] < .005f || boxes[from + 3] < .005f || truth[to] != 0) {
        continue;
      }
      truth[to] = 1;
      truth[to + 1 + (int) boxes[from + 4]] = 1;
      truth[to + 1 + classes] = boxes[from] * side - column;
      truth[to + 2 + classes] = boxes[from + 1] * side - row;
      truth[to + 3 + classes] = boxes[from + 2];
      truth[to + 4 + classes] = boxes[from + 3];
    }
  }
}
