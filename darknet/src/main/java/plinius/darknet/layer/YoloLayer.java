package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/**
 * Detection by anchors in pixels, one scale of YOLOv3 (darknet yolo_layer.c at f6afaab): its
 * anchors are some of all scales'. Its deltas are differences, not gradients, as there.
 */
final class YoloLayer extends AnchorLayer {
  private static final int TRUTHS = 90;

  private final float ignoreThreshold = section.decimal("ignore_thresh");
  private final float truthThreshold = section.decimal("truth_thresh");

  YoloLayer(Site site) {
    Section section = site.section();
    super(site, 4, mask(section), site.network().net, TRUTHS, section.integer("max"));
  }

  private static int[] mask(Section section) {
    int total = section.integer("num");
    if (!section.has("mask")) {
      return IntStream.range(0, total).toArray();
    }
    int[] mask = section.integers("mask");
    for (int anchor : mask) {
      if (anchor >= total) {
        throw section.refuse("mask", "names anchor " + anchor + " of " + total + ".");
      }
    }
    return mask;
  }

  @Override
  void activate(Pass pass, int at) {
    pass.kernels.activate(Activation.LOGISTIC, output, at, 2);
    pass.kernels.activate(Activation.LOGISTIC, output, at + 4, 1 + classes);
  }

  /** No object, unless a truth is near; nothing to say where one is near enough. */
  @Override
  boolean everywhere(Pass pass, Spot spot, float iou) {
    int object = spot.at() + 4;
    delta[object] = iou > ignoreThreshold ? 0 : -output[object];
    return iou > truthThreshold;
  }

  /** The anchor of the truth's size, if this scale has it. */
  @Override
  int responsible(int image, int cell, Box truth) {
    int best = nearest(truth.centred(), sizes.length / 2, this::size);
    return IntStream.range(0, mask.length).filter(n -> mask[n] == best).findFirst().orElse(-1);
  }

  @Override
  void object(Pass pass, Spot spot, Truth truth) {
    int object = spot.at() + 4;
    pullBox(truth.box(), spot, 2 - truth.box().w() * truth.box().h());
    delta[object] = 1 - output[object];
    pullClass(object + 1, classOf(pass, truth), 1, true);
  }

  @Override
  public List<Detection> detections(Detection.Query query) {
    List<Detection> found = new ArrayList<>();
    for (int cell = 0; cell < out.h() * out.w(); cell++) {
      for (int n = 0; n < mask.length; n++) {
        Spot spot = spot(query.image(), cell, n);
        float objectness = output[spot.at() + 4];
        if (objectness > query.threshold()) {
          float[] probabilities = query.above(objectness, output, spot.at() + 5, classes);
          found.add(new Detection(query.unboxed(box(spot)), objectness, probabilities));
        }
      }
    }
    return found;
  }
}
