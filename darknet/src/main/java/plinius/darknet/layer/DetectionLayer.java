package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import plinius.darknet.NetworkException;
import plinius.darknet.cfg.Section;

/**
 * Detection without anchors, YOLOv1 (darknet detection_layer.c at f6afaab). Its values are, in this
 * order: the classes of every cell, the confidences of every cell's boxes, those boxes. Its cost is
 * the sum of the squared deltas.
 */
public final class DetectionLayer extends Layer implements Detects {
  /** As long as so few images were seen, random=1 chooses the box at random. */
  private static final int EARLY = 64000;

  private final Shape in;
  private final int side;
  private final int count;
  private final int coords;
  private final int classes;
  private final boolean softmax;
  private final boolean roots;
  private final boolean rescore;
  private final boolean forced;
  private final boolean random;
  private final float coordScale;
  private final float objectScale;
  private final float noObjectScale;
  private final float classScale;
  private final int[] places; // where each value lies in the layer before
  private double cost;

  /** A detection from the output of the layer before. */
  public DetectionLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    super(common, Shape.flat(in.count()), storage);
    this.in = in;
    side = section.integer("side");
    count = section.integer("num");
    coords = section.integer("coords");
    classes = section.integer("classes");
    long needed = (long) side * side * ((1L + coords) * count + classes);
    if (needed != in.count()) {
      throw section.refuse(
          "needs side^2 x ((1 + coords) x num + classes) = "
              + needed
              + " values before it; there are "
              + in
              + ".");
    }
    softmax = section.flag("softmax");
    roots = section.flag("sqrt");
    rescore = section.flag("rescore");
    forced = section.flag("forced");
    random = section.flag("random");
    if (coords < 4 || (forced && count < 2)) {
      throw section.refuse(
          coords < 4 ? "coords" : "forced",
          coords < 4 ? "must be at least 4 for a box." : "needs num=2 or more.");
    }
    coordScale = section.decimal("coord_scale");
    objectScale = section.decimal("object_scale");
    noObjectScale = section.decimal("noobject_scale");
    classScale = section.decimal("class_scale");
    places = new int[in.count()];
    Arrays.setAll(places, in::place);
  }

  @Override
  public int truths() {
    return side * side * (1 + coords + classes);
  }

  private int confidenceAt(int image, int cell, int n) {
    return image * out.count() + side * side * classes + cell * count + n;
  }

  private int boxAt(int image, int cell, int n) {
    return image * out.count() + side * side * (classes + count) + (cell * count + n) * coords;
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            for (int i = 0; i < places.length; i++) {
              output[image * places.length + i] = pass.input[image * places.length + places[i]];
            }
            for (int cell = 0; softmax && cell < side * side; cell++) {
              int at = image * places.length + cell * classes;
              SoftmaxLayer.softmax(output, output, classes, 1, i -> at + i);
            }
            if (pass.hasTruth()) {
              compare(pass, image);
            }
          }
        });
    cost = pass.hasTruth() ? squaredDelta(pass) : 0;
  }

  private void compare(Pass pass, int image) {
    Arrays.fill(delta, image * out.count(), (image + 1) * out.count(), 0);
    for (int cell = 0; cell < side * side; cell++) {
      int truthAt = image * truths() + cell * (1 + coords + classes);
      for (int n = 0; n < count; n++) {
        int at = confidenceAt(image, cell, n);
        delta[at] = noObjectScale * (0 - output[at]);
      }
      if ((int) pass.truth[truthAt] != 0) {
        object(pass, image, cell, truthAt);
      }
    }
  }

  /** A cell with an object: its classes, and the box that is to stand for it. */
  private void object(Pass pass, int image, int cell, int truthAt) {
    int classesAt = image * out.count() + cell * classes;
    for (int k = 0; k < classes; k++) {
      delta[classesAt + k] = classScale * (pass.truth[truthAt + 1 + k] - output[classesAt + k]);
    }
    int truthBoxAt = truthAt + 1 + classes;
    Box raw = Box.of(pass.truth, truthBoxAt);
    Box truth = new Box(raw.x() / side, raw.y() / side, raw.w(), raw.h());
    int n = responsible(pass, image, cell, truth);
    if (n < 0) {
      throw new NetworkException(
          "layer " + common.index() + " (detection): no box is near a truth; training diverged.");
    }
    int confidence = confidenceAt(image, cell, n);
    int boxAt = boxAt(image, cell, n);
    float target = rescore ? box(boxAt).iou(truth) : 1;
    delta[confidence] = objectScale * (target - output[confidence]);
    for (int i = 0; i < 4; i++) {
      float value = pass.truth[truthBoxAt + i];
      float wanted = roots && i >= 2 ? (float) Math.sqrt(value) : value;
      delta[boxAt + i] = coordScale * (wanted - output[boxAt + i]);
    }
  }

  private int responsible(Pass pass, int image, int cell, Box truth) {
    int best = -1;
    float bestIou = 0;
    float bestRmse = 20;
    for (int n = 0; n < count; n++) {
      Box box = box(boxAt(image, cell, n));
      float iou = box.iou(truth);
      if (bestIou > 0 || iou > 0) {
        if (iou > bestIou) {
          bestIou = iou;
          best = n;
        }
      } else if (box.rmse(truth) < bestRmse) {
        bestRmse = box.rmse(truth);
        best = n;
      }
    }
    if (forced) {
      best = truth.w() * truth.h() < .1 ? 1 : 0;
    }
    if (random && pass.seen < EARLY) {
      long place = (long) (pass.firstImage + image) * side * side + cell;
      best = (int) (pass.draws.uniform(common.index(), pass.iteration, place) * count);
    }
    return best;
  }

  /** A predicted box, its middle as a share of the image from its cell's corner. */
  private Box box(int at) {
    float w = output[at + 2];
    float h = output[at + 3];
    return new Box(output[at] / side, output[at + 1] / side, roots ? w * w : w, roots ? h * h : h);
  }

  @Override
  public void backward(Pass pass) {
    if (!pass.wantsInputDelta()) {
      return;
    }
    for (int image = 0; image < pass.images; image++) {
      for (int i = 0; i < in.count(); i++) {
        pass.inputDelta[image * in.count() + places[i]] += delta[image * in.count() + i];
      }
    }
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    int unitW = query.width(); // the original's boxes are in pixels here, whatever is asked
    int unitH = query.height();
    for (int cell = 0; cell < side * side; cell++) {
      for (int n = 0; n < count; n++) {
        int row = cell / side;
        int column = cell % side;
        float confidence = output[confidenceAt(query.image(), cell, n)];
        int at = boxAt(query.image(), cell, n);
        Box box =
            new Box(
                (output[at] + column) / side * unitW,
                (output[at + 1] + row) / side * unitH,
                box(at).w() * unitW,
                box(at).h() * unitH);
        int classesAt = query.image() * places.length + cell * classes;
        float[] probabilities = new float[classes];
        for (int k = 0; k < classes; k++) {
          probabilities[k] = query.above(confidence * output[classesAt + k]);
        }
        found.add(new Detection(box, confidence, probabilities));
      }
    }
    return found;
  }
}
