package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import plinius.darknet.NetworkException;

/**
 * Detection by anchors in the cells of a grid (what darknet region_layer.c and yolo_layer.c at
 * f6afaab have in common). A cell's channels are, for each of its anchors: x, y, w, h, perhaps
 * masks, objectness, classes. Its cost is the sum of the squared deltas.
 */
abstract class AnchorLayer extends ComparingLayer {
  final int coords; // before the objectness
  final int classes = section.integer("classes");
  private final int entries;
  final int[] mask; // the anchors of a cell
  final float[] sizes; // (anchors, 2): width and height
  private final Shape unit; // what these count in, of the whole image
  private final int[] map; // classes by other numbers
  private final int room; // for boxes in a truth, each its coords and a class
  private final int most; // of them that are looked at
  private final boolean learns = !section.flag("onlyforward");

  /** An anchor of a cell, and where its values lie in output and delta. */
  record Spot(int at, int row, int column, int anchor) {}

  /** A box that is there, and where it lies in the batch's truth. */
  record Truth(Box box, int at) {}

  AnchorLayer(Site site, int coords, int[] mask, Shape unit, int room, int most) {
    super(site, site.image());
    this.coords = coords;
    this.mask = mask;
    this.unit = unit;
    this.room = room;
    this.most = most;
    entries = coords + 1 + classes;
    long needed = (long) mask.length * entries;
    if (needed != in.c()) {
      throw section.refuse(
          "needs %s x (%s + 1 + classes) = %s channels before it; there are %s."
              .formatted(mask.length, coords, needed, in));
    }
    sizes = sizes(2 * section.integer("num"));
    map = section.has("map") ? map() : IntStream.range(0, classes).toArray();
  }

  /** The sizes that the section gives; .5 for those that it does not. */
  private float[] sizes(int count) {
    float[] given = section.decimals("anchors");
    if (given.length > count) {
      throw section.refuse(
          "anchors", "gives %s numbers; num=%s needs %s".formatted(given.length, count / 2, count));
    }
    float[] all = Arrays.copyOf(given, count);
    Arrays.fill(all, given.length, count, .5f);
    return all;
  }

  private int[] map() {
    try {
      String text = site.network().options.files().apply(section.word("map"));
      return text.lines()
          .filter(line -> !line.isBlank())
          .mapToInt(line -> Integer.parseInt(line.strip()))
          .toArray();
    } catch (NumberFormatException e) {
      throw section.refuse("map", "must have a class's number in each line.");
    }
  }

  @Override
  public final int truths() {
    return room * (coords + 1);
  }

  final Spot spot(int image, int cell, int n) {
    int at = image * out.count() + cell * out.c() + n * entries;
    return new Spot(at, cell / out.w(), cell % out.w(), mask[n]);
  }

  @Override
  public final void forward(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> {
          System.arraycopy(pass.input, from, output, from, to - from);
          for (int at = from; at < to; at += entries) {
            activate(pass, at);
          }
        });
    boolean compares = pass.hasTruth() && learns;
    if (compares) {
      pass.eachImage(
          image -> {
            Arrays.fill(delta, image * out.count(), (image + 1) * out.count(), 0);
            compare(pass, image, truths(pass.truth, image));
          });
    }
    cost = compares ? squaredDelta(pass) : 0;
  }

  /** The activations of the anchor whose values begin there. */
  abstract void activate(Pass pass, int at);

  private List<Truth> truths(float[] truth, int image) {
    List<Truth> found = new ArrayList<>();
    int at = image * truths();
    for (int t = 0; t < most && truth[at] != 0; t++, at += coords + 1) {
      found.add(new Truth(Box.of(truth, at), at));
    }
    return found;
  }

  final int classOf(Pass pass, Truth truth) {
    int number = (int) pass.truth[truth.at() + coords];
    return classOf(number >= 0 && number < map.length ? map[number] : -1, classes);
  }

  /**
   * No object, unless a truth is near; then each truth pulls at the anchor that is to stand for it.
   */
  void compare(Pass pass, int image, List<Truth> truths) {
    for (int cell = 0; cell < out.h() * out.w(); cell++) {
      for (int n = 0; n < mask.length; n++) {
        Spot spot = spot(image, cell, n);
        Box box = box(spot);
        int near = nearest(box, truths.size(), t -> truths.get(t).box());
        float iou = truths.isEmpty() ? 0 : truths.get(near).box().iou(box);
        if (everywhere(pass, spot, iou)) {
          object(pass, spot, truths.get(near));
        }
      }
    }
    for (Truth truth : truths) {
      int cell = cell(truth.box().y(), out.h()) * out.w() + cell(truth.box().x(), out.w());
      int n = responsible(image, cell, truth.box());
      if (n >= 0) {
        object(pass, spot(image, cell, n), truth);
      }
    }
  }

  /**
   * What every spot learns.
   *
   * @param iou what its box shares with the truth that is nearest
   * @return whether it stands for that truth too
   */
  abstract boolean everywhere(Pass pass, Spot spot, float iou);

  /** Which of a cell's anchors stands for a truth; -1 = none of this layer. */
  abstract int responsible(int image, int cell, Box truth);

  /** What the spot learns that stands for a truth. */
  abstract void object(Pass pass, Spot spot, Truth truth);

  /** Which of some boxes a box shares most with. */
  static int nearest(Box box, int count, IntFunction<Box> boxes) {
    float best = 0;
    int nearest = 0;
    for (int i = 0; i < count; i++) {
      float iou = boxes.apply(i).iou(box);
      if (iou > best) {
        best = iou;
        nearest = i;
      }
    }
    return nearest;
  }

  /** The row or column that a place falls into, of so many. */
  private static int cell(float place, int cells) {
    int cell = (int) (place * cells);
    if (cell < 0 || cell >= cells) {
      throw new NetworkException("a truth's box has its middle outside the image.");
    }
    return cell;
  }

  /** A box of an anchor's size. */
  final Box size(int anchor) {
    return new Box(0, 0, sizes[2 * anchor] / unit.w(), sizes[2 * anchor + 1] / unit.h());
  }

  /** The box that a spot predicts. */
  final Box box(Spot spot) {
    int at = spot.at();
    float w = sizes[2 * spot.anchor()];
    float h = sizes[2 * spot.anchor() + 1];
    return new Box(
        (spot.column() + output[at]) / out.w(),
        (spot.row() + output[at + 1]) / out.h(),
        (float) (StrictMath.exp(output[at + 2]) * w / unit.w()),
        (float) (StrictMath.exp(output[at + 3]) * h / unit.h()));
  }

  /** Sets the delta of a spot's box. */
  final void pullBox(Box truth, Spot spot, float scale) {
    int at = spot.at();
    float w = (float) StrictMath.log(truth.w() * unit.w() / sizes[2 * spot.anchor()]);
    float h = (float) StrictMath.log(truth.h() * unit.h() / sizes[2 * spot.anchor() + 1]);
    delta[at] = scale * (truth.x() * out.w() - spot.column() - output[at]);
    delta[at + 1] = scale * (truth.y() * out.h() - spot.row() - output[at + 1]);
    delta[at + 2] = scale * (w - output[at + 2]);
    delta[at + 3] = scale * (h - output[at + 3]);
  }

  /** Sets the delta of all classes; or of one, where another truth was. */
  final void pullClass(int at, int number, float scale, boolean shared) {
    if (shared && delta[at] != 0) {
      delta[at + number] = scale * (1 - output[at + number]);
      return;
    }
    for (int k = 0; k < classes; k++) {
      delta[at + k] = scale * ((k == number ? 1 : 0) - output[at + k]);
    }
  }
}
