package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import plinius.kernel.Activation;
import plinius.kernel.ClassTree;

/**
 * Detection by anchors in cells, YOLOv2 (darknet region_layer.c at f6afaab; backward and masks as
 * in its CUDA part).
 */
class RegionLayer extends AnchorLayer {
  private static final int TRUTHS = 30;

  /** As long as so few images were seen, boxes are pulled towards their anchors. */
  private static final int EARLY = 12800;

  /** A truth beyond this place says the image's class alone. */
  private static final int NOWHERE = 100_000;

  private final boolean softmax = section.flag("softmax");
  private final boolean background = section.flag("background");
  private final boolean biasMatch = section.flag("bias_match");
  private final boolean rescore = section.flag("rescore");
  private final float threshold = section.decimal("thresh");
  private final float coordScale = section.decimal("coord_scale");
  private final float objectScale = section.decimal("object_scale");
  private final float noObjectScale = section.decimal("noobject_scale");
  private final int maskScale = (int) section.decimal("mask_scale"); // whole in the original
  private final float classScale = section.decimal("class_scale");
  private final Optional<ClassTree> tree = site.tree(classes);

  RegionLayer(Site site) {
    int[] anchors = IntStream.range(0, site.section().integer("num")).toArray();
    super(site, site.section().integer("coords"), anchors, site.in(), TRUTHS, TRUTHS);
  }

  @Override
  void activate(Pass pass, int at) {
    pass.kernels.activate(Activation.LOGISTIC, output, at, 2);
    pass.kernels.activate(Activation.LOGISTIC, output, at + 4, coords - 4);
    if (!background) {
      pass.kernels.activate(Activation.LOGISTIC, output, at + coords, 1);
    }
    int classesAt = at + coords + 1;
    if (tree.isPresent()) {
      int first = classesAt;
      for (int size : tree.get().groupSizes()) {
        softmax(first, size);
        first += size;
      }
    } else if (softmax) {
      int first = background ? at + coords : classesAt;
      softmax(first, classesAt + classes - first);
    } else {
      pass.kernels.activate(Activation.LOGISTIC, output, classesAt, classes);
    }
  }

  private void softmax(int at, int size) {
    SoftmaxLayer.softmax(output, output, size, 1, i -> at + i);
  }

  /** With a tree, a truth far outside the image says the image's class and nothing of its place. */
  @Override
  void compare(Pass pass, int image, List<Truth> truths) {
    Optional<Truth> nowhere =
        truths.stream()
            .filter(t -> tree.isPresent() && Math.min(t.box().x(), t.box().y()) > NOWHERE)
            .findFirst();
    if (nowhere.isPresent()) {
      onlyClass(image, classOf(pass, nowhere.get()));
    } else {
      super.compare(pass, image, truths);
    }
  }

  private void onlyClass(int image, int number) {
    float best = 0;
    int bestObject = image * out.count() + coords;
    int end = (image + 1) * out.count();
    for (int object = bestObject; object < end; object += coords + 1 + classes) {
      delta[object] = noObjectScale * (0 - output[object]);
      float p = output[object] * tree.orElseThrow().probability(output, object + 1, number);
      if (p > best) {
        best = p;
        bestObject = object;
      }
    }
    pullClass(bestObject + 1, number);
    delta[bestObject] = 0;
  }

  @Override
  boolean everywhere(Pass pass, Spot spot, float iou) {
    int object = spot.at() + coords;
    delta[object] = iou > threshold ? 0 : noObjectScale * ((background ? 1 : 0) - output[object]);
    if (pass.moment.seen() < EARLY) {
      float x = (float) ((spot.column() + .5) / out.w());
      float y = (float) ((spot.row() + .5) / out.h());
      Box size = size(spot.anchor());
      pullBox(new Box(x, y, size.w(), size.h()), spot, .01f);
    }
    return false;
  }

  @Override
  int responsible(int image, int cell, Box truth) {
    return nearest(
        truth.centred(),
        mask.length,
        n -> biasMatch ? size(n) : box(spot(image, cell, n)).centred());
  }

  @Override
  void object(Pass pass, Spot spot, Truth truth) {
    Box box = truth.box();
    pullBox(box, spot, coordScale * (2 - box.w() * box.h()));
    for (int i = 4; i < coords; i++) {
      // The masks stand behind the class, of which the original takes the place after the next.
      int next = truth.at() + i + 1;
      float mask = next < pass.truth.length ? pass.truth[next] : 0;
      delta[spot.at() + i] = maskScale * (mask - output[spot.at() + i]);
    }
    int object = spot.at() + coords;
    float target = background ? 0 : rescore ? box(spot).iou(box) : 1;
    delta[object] = objectScale * (target - output[object]);
    pullClass(object + 1, classOf(pass, truth));
  }

  private void pullClass(int at, int number) {
    if (tree.isPresent()) {
      tree.get().pull(number, classScale, output, delta, at);
    } else {
      pullClass(at, number, classScale, !softmax);
    }
  }

  @Override
  public void backward(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> {
          for (int at = from; at < to; at += coords + 1 + classes) {
            int logistic = coords - 4 + (background ? 0 : 1);
            pass.kernels.gradient(Activation.LOGISTIC, output, at, delta, at, 2);
            pass.kernels.gradient(Activation.LOGISTIC, output, at + 4, delta, at + 4, logistic);
          }
        });
    super.backward(pass);
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    for (int n = 0; n < mask.length; n++) {
      for (int cell = 0; cell < out.h() * out.w(); cell++) {
        Spot spot = spot(query.image(), cell, n);
        float scale = background ? 1 : output[spot.at() + coords];
        float objectness = query.above(scale);
        float[] probabilities = new float[classes];
        int classesAt = spot.at() + coords + 1;
        if (tree.isPresent()) {
          float[] own = Arrays.copyOfRange(output, classesAt, classesAt + classes);
          tree.get().multiply(own);
          probabilities[tree.get().top(own, query.treeThreshold())] = objectness;
        } else if (objectness != 0) {
          probabilities = query.above(scale, output, classesAt, classes);
        }
        found.add(new Detection(query.unboxed(box(spot)), objectness, probabilities));
      }
    }
    return found;
  }
}
