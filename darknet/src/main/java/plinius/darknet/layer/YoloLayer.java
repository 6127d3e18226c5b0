package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/**
 * Detection by anchors in pixels, one scale of YOLOv3 (darknet yolo_layer.c at f6afaab). A cell's
 * channels are, for each anchor of the mask: x, y, w, h, objectness, classes. Its cost is the sum
 * of the squared deltas, which are differences, not gradients, as there.
 */
public final class YoloLayer extends Layer implements Detects {
  private static final int TRUTHS = 90; // boxes, each x, y, w, h, class

  private final int classes;
  private final int entries;
  private final int[] mask;
  private final int maxBoxes;
  private final float ignoreThreshold;
  private final float truthThreshold;
  private final int[] map;
  private final boolean learns;
  private final Anchors anchors;
  private double cost;

  /**
   * A detection from the output of the layer before.
   *
   * @param net the network's input, whose pixels anchors count in
   */
  public YoloLayer(
      LayerCommon common,
      Section section,
      Shape in,
      Shape net,
      UnaryOperator<String> files,
      Quirks quirks,
      Storage storage) {
    in.requireImage(section);
    super(common, in, storage);
    classes = section.integer("classes");
    entries = classes + 5;
    int total = section.integer("num");
    int[] given = section.integers("mask");
    mask = section.has("mask") ? given : new int[total];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = section.has("mask") ? given[i] : i;
      if (mask[i] >= total) {
        throw section.refuse("mask", "names anchor " + mask[i] + " of " + total + ".");
      }
    }
    if ((long) mask.length * entries != in.c()) {
      throw section.refuse(
          "needs " + mask.length + " x (classes + 5) channels before it; there are " + in + ".");
    }
    maxBoxes = section.integer("max");
    ignoreThreshold = section.decimal("ignore_thresh");
    truthThreshold = section.decimal("truth_thresh");
    map = Anchors.map(section, classes, files);
    learns = !common.onlyForward() || quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    anchors = new Anchors(in.h(), in.w(), Anchors.sizes(section, total), net.w(), net.h());
  }

  @Override
  public int truths() {
    return TRUTHS * 5;
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
            pass.kernels.activate(Activation.LOGISTIC, output, at, 2);
            pass.kernels.activate(Activation.LOGISTIC, output, at + 4, 1 + classes);
          }
        });
    cost = 0;
    if (pass.hasTruth() && learns) {
      pass.run(
          shard -> {
            for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
              List<Box> boxes = boxes(pass.truth, image);
              Arrays.fill(delta, image * out.count(), (image + 1) * out.count(), 0);
              everyCell(pass.truth, image, boxes);
              everyTruth(pass.truth, image, boxes);
            }
          });
      cost = squaredDelta(pass);
    }
  }

  private List<Box> boxes(float[] truth, int image) {
    List<Box> boxes = new ArrayList<>();
    for (int t = 0; t < maxBoxes && truth[image * truths() + t * 5] != 0; t++) {
      boxes.add(Box.of(truth, image * truths() + t * 5));
    }
    return boxes;
  }

  private int classOf(float[] truth, int image, int t) {
    return Anchors.truthClass(truth[image * truths() + t * 5 + 4], map, classes);
  }

  /** No object, unless a truth is near; nothing to say where one is near enough. */
  private void everyCell(float[] truth, int image, List<Box> boxes) {
    for (int row = 0; row < out.h(); row++) {
      for (int column = 0; column < out.w(); column++) {
        for (int n = 0; n < mask.length; n++) {
          int at = at(image, row, column, n);
          Box predicted = anchors.box(output, at, mask[n], row, column);
          float best = 0;
          int bestTruth = 0;
          for (int t = 0; t < boxes.size(); t++) {
            float iou = predicted.iou(boxes.get(t));
            if (iou > best) {
              best = iou;
              bestTruth = t;
            }
          }
          delta[at + 4] = best > ignoreThreshold ? 0 : -output[at + 4];
          if (best > truthThreshold) {
            delta[at + 4] = 1 - output[at + 4];
            pullClass(at + 5, classOf(truth, image, bestTruth));
            pullBox(boxes.get(bestTruth), at, mask[n], row, column);
          }
        }
      }
    }
  }

  /** Each truth pulls at the anchor of its size, in the cell of its middle. */
  private void everyTruth(float[] truth, int image, List<Box> boxes) {
    for (int t = 0; t < boxes.size(); t++) {
      Box box = boxes.get(t);
      int row = Anchors.cell(box.y(), out.h());
      int column = Anchors.cell(box.x(), out.w());
      float best = 0;
      int bestAnchor = 0;
      for (int n = 0; n < anchors.sizes().length / 2; n++) {
        float iou = anchors.size(n).iou(box.centred());
        if (iou > best) {
          best = iou;
          bestAnchor = n;
        }
      }
      for (int n = 0; n < mask.length; n++) {
        if (mask[n] == bestAnchor) {
          int at = at(image, row, column, n);
          pullBox(box, at, bestAnchor, row, column);
          delta[at + 4] = 1 - output[at + 4];
          pullClass(at + 5, classOf(truth, image, t));
          break;
        }
      }
    }
  }

  private void pullBox(Box truth, int at, int anchor, int row, int column) {
    anchors.pull(truth, output, delta, at, anchor, row, column, 2 - truth.w() * truth.h());
  }

  private void pullClass(int at, int number) {
    if (delta[at] != 0) { // another truth was here
      delta[at + number] = 1 - output[at + number];
      return;
    }
    for (int k = 0; k < classes; k++) {
      delta[at + k] = (k == number ? 1 : 0) - output[at + k];
    }
  }

  @Override
  public void backward(Pass pass) {
    passDeltaOn(pass);
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    for (int row = 0; row < out.h(); row++) {
      for (int column = 0; column < out.w(); column++) {
        for (int n = 0; n < mask.length; n++) {
          int at = at(query.image(), row, column, n);
          float objectness = output[at + 4];
          if (objectness > query.threshold()) {
            float[] probabilities = new float[classes];
            for (int k = 0; k < classes; k++) {
              probabilities[k] = query.above(objectness * output[at + 5 + k]);
            }
            Box box = anchors.box(output, at, mask[n], row, column);
            found.add(new Detection(query.unboxed(box), objectness, probabilities));
          }
        }
      }
    }
    return found;
  }
}
