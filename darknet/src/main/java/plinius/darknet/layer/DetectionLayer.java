package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import plinius.darknet.NetworkException;

/**
 * Detection without anchors, YOLOv1 (darknet detection_layer.c at f6afaab). Its values are, in this
 * order: the classes of every cell, the confidences of every cell's boxes, those boxes. Its cost is
 * the sum of the squared deltas.
 */
final class DetectionLayer extends ComparingLayer {
  /** As long as so few images were seen, random=1 chooses the box at random. */
  private static final int EARLY = 64000;

  private final int side = section.integer("side");
  private final int count = section.integer("num");
  private final int coords = section.integer("coords");
  private final int classes = section.integer("classes");
  private final boolean softmax = section.flag("softmax");
  private final boolean roots = section.flag("sqrt");
  private final boolean rescore = section.flag("rescore");
  private final boolean forced = section.flag("forced");
  private final boolean random = section.flag("random");
  private final float coordScale = section.decimal("coord_scale");
  private final float objectScale = section.decimal("object_scale");
  private final float noObjectScale = section.decimal("noobject_scale");
  private final float classScale = section.decimal("class_scale");

  DetectionLayer(Site site) {
    super(site, Shape.flat(site.in().count()));
    long needed = (long) side * side * ((1L + coords) * count + classes);
    if (needed != in.count()) {
      throw section.refuse(
          "needs side^2 x ((1 + coords) x num + classes) = %s values before it; there are %s."
              .formatted(needed, in));
    }
    if (coords < 4) {
      throw section.refuse("coords", "must be at least 4 for a box.");
    }
    if (forced && count < 2) {
      throw section.refuse("forced", "needs num=2 or more.");
    }
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
    pass.eachImage(
        image -> {
          int at = image * out.count();
          for (int i = 0; i < out.count(); i++) {
            output[at + i] = pass.input[at + in.place(i)];
          }
          for (int cell = 0; softmax && cell < side * side; cell++) {
            int first = at + cell * classes;
            SoftmaxLayer.softmax(output, output, classes, 1, i -> first + i);
          }
          if (pass.hasTruth()) {
            compare(pass, image);
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
          "layer " + index() + " (detection): no box is near a truth; training diverged.");
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
    if (random && pass.moment.seen() < EARLY) {
      long place = (long) (pass.moment.firstImage() + image) * side * side + cell;
      best = (int) (pass.means.draws().uniform(index(), pass.moment.iteration(), place) * count);
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
  void addInputDelta(Pass pass) {
    pass.eachImage(
        image -> {
          int at = image * out.count();
          for (int i = 0; i < out.count(); i++) {
            pass.inputDelta[at + in.place(i)] += delta[at + i];
          }
        });
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    for (int cell = 0; cell < side * side; cell++) {
      int row = cell / side;
      for (int n = 0; n < count; n++) {
        float confidence = output[confidenceAt(query.image(), cell, n)];
        int at = boxAt(query.image(), cell, n);
        // The original's boxes are in pixels here, whatever is asked.
        Box box =
            new Box(
                (output[at] + cell % side) / side * query.width(),
                (output[at + 1] + row) / side * query.height(),
                box(at).w() * query.width(),
                box(at).h() * query.height());
        int classesAt = query.image() * out.count() + cell * classes;
        float[] probabilities = query.above(confidence, output, classesAt, classes);
        found.add(new Detection(box, confidence, probabilities));
      }
    }
    return found;
  }
}
