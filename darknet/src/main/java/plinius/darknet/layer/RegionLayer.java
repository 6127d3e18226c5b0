package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/**
 * Detection by anchors in cells, YOLOv2 (darknet region_layer.c at f6afaab; backward and masks as
 * in its CUDA part). A cell's channels are, for each anchor: x, y, w, h, masks, objectness,
 * classes. Its cost is the sum of the squared deltas.
 */
public final class RegionLayer extends Layer implements Detects {
  private static final int TRUTHS = 30; // boxes, each its coords and a class

  /** As long as so few images were seen, boxes are pulled towards their anchors. */
  private static final int EARLY = 12800;

  private final int coords;
  private final int classes;
  private final int entries;
  private final int count;
  private final boolean softmax;
  private final boolean background;
  private final boolean biasMatch;
  private final boolean rescore;
  private final float threshold;
  private final float coordScale;
  private final float objectScale;
  private final float noObjectScale;
  private final int maskScale;
  private final float classScale;
  private final Optional<Tree> tree;
  private final int[] map;
  private final boolean learns;
  private final boolean passesDelta;
  private final boolean plainMasks;
  private final boolean treeIsNaN;
  private final Anchors anchors;
  private double cost;

  /** A detection from the output of the layer before. */
  public RegionLayer(
      LayerCommon common,
      Section section,
      Shape in,
      UnaryOperator<String> files,
      Quirks quirks,
      Storage storage) {
    in.requireImage(section);
    super(common, in, storage);
    coords = section.integer("coords");
    classes = section.integer("classes");
    entries = coords + classes + 1;
    count = section.integer("num");
    if ((long) count * entries != in.c()) {
      throw section.refuse(
          "needs num x (coords + 1 + classes) = "
              + (long) count * entries
              + " channels before it; there are "
              + in
              + ".");
    }
    softmax = section.flag("softmax");
    background = section.flag("background");
    biasMatch = section.flag("bias_match");
    rescore = section.flag("rescore");
    threshold = section.decimal("thresh");
    coordScale = section.decimal("coord_scale");
    objectScale = section.decimal("object_scale");
    noObjectScale = section.decimal("noobject_scale");
    maskScale = (int) section.decimal("mask_scale"); // a whole number in the original's function
    classScale = section.decimal("class_scale");
    tree = Tree.of(section, files);
    if (tree.isPresent() && tree.get().size() != classes) {
      throw section.refuse(
          "tree", "has " + tree.get().size() + " nodes for " + classes + " classes.");
    }
    map = Anchors.map(section, classes, files);
    learns = !common.onlyForward() || quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    passesDelta = !quirks.has(Quirk.REGION_PASSES_NO_DELTA);
    plainMasks = quirks.has(Quirk.REGION_MASKS_LINEAR);
    treeIsNaN = quirks.has(Quirk.REGION_TREE_NAN);
    anchors = new Anchors(in.h(), in.w(), Anchors.sizes(section, count), in.w(), in.h());
  }

  @Override
  public int truths() {
    return TRUTHS * (coords + 1);
  }

  private int at(int image, int row, int column, int n) {
    return image * out.count() + (row * out.w() + column) * out.c() + n * entries;
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int to = pass.from(shard + 1) * out.count();
          System.arraycopy(pass.input, from, output, from, to - from);
          for (int at = from; at < to; at += entries) {
            activate(pass, at);
          }
        });
    cost = 0;
    if (pass.hasTruth() && learns) {
      pass.run(
          shard -> {
            for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
              Arrays.fill(delta, image * out.count(), (image + 1) * out.count(), 0);
              List<Box> boxes = boxes(pass.truth, image);
              if (!onlyClass(pass.truth, image, boxes)) {
                everyCell(image, boxes, pass.seen < EARLY);
                everyTruth(pass.truth, image, boxes);
              }
            }
          });
      cost = squaredDelta(pass);
    }
  }

  private void activate(Pass pass, int at) {
    pass.kernels.activate(Activation.LOGISTIC, output, at, 2);
    if (!plainMasks) {
      pass.kernels.activate(Activation.LOGISTIC, output, at + 4, coords - 4);
    }
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
      if (treeIsNaN) {
        Arrays.fill(output, classesAt, classesAt + classes, Float.NaN);
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

  private List<Box> boxes(float[] truth, int image) {
    List<Box> boxes = new ArrayList<>();
    int step = coords + 1;
    for (int t = 0; t < TRUTHS && truth[image * truths() + t * step] != 0; t++) {
      boxes.add(Box.of(truth, image * truths() + t * step));
    }
    return boxes;
  }

  private int classOf(float[] truth, int image, int t) {
    return (int) truth[image * truths() + t * (coords + 1) + coords];
  }

  /** With a tree, a truth far outside the image says the image's class and nothing of its place. */
  private boolean onlyClass(float[] truth, int image, List<Box> boxes) {
    for (int t = 0; tree.isPresent() && t < boxes.size(); t++) {
      if (boxes.get(t).x() > 100000 && boxes.get(t).y() > 100000) {
        int number = Anchors.truthClass(classOf(truth, image, t), map, classes);
        float best = 0;
        int bestAt = image * out.count();
        for (int at = bestAt; at < (image + 1) * out.count(); at += entries) {
          int object = at + coords;
          delta[object] = noObjectScale * (0 - output[object]);
          float p = output[object] * tree.get().probability(output, object + 1, number);
          if (p > best) {
            best = p;
            bestAt = at;
          }
        }
        pullClass(bestAt + coords + 1, number);
        delta[bestAt + coords] = 0;
        return true;
      }
    }
    return false;
  }

  private void everyCell(int image, List<Box> boxes, boolean early) {
    for (int row = 0; row < out.h(); row++) {
      for (int column = 0; column < out.w(); column++) {
        for (int n = 0; n < count; n++) {
          int at = at(image, row, column, n);
          Box predicted = anchors.box(output, at, n, row, column);
          float best = 0;
          for (Box box : boxes) {
            best = Math.max(best, predicted.iou(box));
          }
          int object = at + coords;
          delta[object] = noObjectScale * ((background ? 1 : 0) - output[object]);
          if (best > threshold) {
            delta[object] = 0;
          }
          if (early) {
            Box size = anchors.size(n);
            Box middle =
                new Box(
                    (float) ((column + .5) / out.w()),
                    (float) ((row + .5) / out.h()),
                    size.w(),
                    size.h());
            anchors.pull(middle, output, delta, at, n, row, column, .01f);
          }
        }
      }
    }
  }

  private void everyTruth(float[] truth, int image, List<Box> boxes) {
    for (int t = 0; t < boxes.size(); t++) {
      Box box = boxes.get(t);
      int row = Anchors.cell(box.y(), out.h());
      int column = Anchors.cell(box.x(), out.w());
      float best = 0;
      int n = 0;
      for (int i = 0; i < count; i++) {
        Box predicted =
            biasMatch
                ? anchors.size(i)
                : anchors.box(output, at(image, row, column, i), i, row, column).centred();
        float iou = predicted.iou(box.centred());
        if (iou > best) {
          best = iou;
          n = i;
        }
      }
      int at = at(image, row, column, n);
      float scale = coordScale * (2 - box.w() * box.h());
      float iou = anchors.pull(box, output, delta, at, n, row, column, scale);
      int truthAt = image * truths() + t * (coords + 1);
      for (int i = 4; i < coords; i++) {
        // The masks stand behind the class, of which the original takes the place after the next.
        int next = truthAt + i + 1;
        delta[at + i] = maskScale * ((next < truth.length ? truth[next] : 0) - output[at + i]);
      }
      int object = at + coords;
      float target = background ? 0 : rescore ? iou : 1;
      delta[object] = objectScale * (target - output[object]);
      pullClass(object + 1, Anchors.truthClass(classOf(truth, image, t), map, classes));
    }
  }

  private void pullClass(int at, int number) {
    if (tree.isPresent()) {
      Tree hierarchy = tree.get();
      for (int node = number; node >= 0; node = hierarchy.parent(node)) {
        int first = at + hierarchy.groupOffset(node);
        for (int i = first; i < first + hierarchy.groupSize(node); i++) {
          delta[i] = classScale * (0 - output[i]);
        }
        delta[at + node] = classScale * (1 - output[at + node]);
      }
    } else if (delta[at] != 0 && !softmax) { // another truth was here
      delta[at + number] = classScale * (1 - output[at + number]);
    } else {
      for (int k = 0; k < classes; k++) {
        delta[at + k] = classScale * ((k == number ? 1 : 0) - output[at + k]);
      }
    }
  }

  @Override
  public void backward(Pass pass) {
    if (!passesDelta) {
      return;
    }
    pass.run(
        shard -> {
          int to = pass.from(shard + 1) * out.count();
          for (int at = pass.from(shard) * out.count(); at < to; at += entries) {
            pass.kernels.gradient(Activation.LOGISTIC, output, at, delta, at, 2);
            pass.kernels.gradient(Activation.LOGISTIC, output, at + 4, delta, at + 4, coords - 4);
            if (!background) {
              pass.kernels.gradient(
                  Activation.LOGISTIC, output, at + coords, delta, at + coords, 1);
            }
          }
        });
    passDeltaOn(pass);
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      for (int cell = 0; cell < out.h() * out.w(); cell++) {
        int row = cell / out.w();
        int column = cell % out.w();
        int at = at(query.image(), row, column, n);
        float scale = background ? 1 : output[at + coords];
        float objectness = query.above(scale);
        int classesAt = at + coords + 1;
        float[] probabilities = new float[classes];
        if (tree.isPresent()) {
          float[] own = Arrays.copyOfRange(output, classesAt, classesAt + classes);
          tree.get().multiply(own, 0, false);
          probabilities[tree.get().top(own, 0, query.treeThreshold())] = objectness;
        } else if (objectness != 0) {
          for (int k = 0; k < classes; k++) {
            probabilities[k] = query.above(scale * output[classesAt + k]);
          }
        }
        Box box = anchors.box(output, at, n, row, column);
        found.add(new Detection(query.unboxed(box), objectness, probabilities));
      }
    }
    return found;
  }
}
