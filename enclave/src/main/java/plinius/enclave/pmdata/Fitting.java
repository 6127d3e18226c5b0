package plinius.enclave.pmdata;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.data.Augmentation;
import plinius.darknet.data.Chance;
import plinius.darknet.data.Image;
import plinius.darknet.data.Placement;
import plinius.darknet.layer.Detection;
import plinius.dataset.DataKind;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;

/** How samples become a network's inputs and truths. */
public final class Fitting {
  /** As detector.c has it. */
  private static final float TREE_THRESHOLD = .5f;

  private final PmData data;
  private final Network network;
  private final SampleKind kind;
  private final boolean asItIs;
  private final Section last;
  private final Optional<Augmentation> augmentation;
  private final Optional<Placement> placement;

  /**
   * For a data set and a network.
   *
   * @throws plinius.enclave.EnclaveException.BadInput if they do not fit
   */
  public Fitting(PmData data, CfgFile cfg, Network network) {
    this.data = data;
    this.network = network;
    kind = data.kind();
    last = cfg.layers().getLast();
    int height = network.height();
    int width = network.width();
    boolean flat = height == 1 && width == 1;
    boolean same = kind.height() == height && kind.width() == width;
    asItIs =
        flat ? kind.values() == network.inputs() : same && kind.channels() == network.channels();
    boolean scenes = kind.data() == DataKind.SCENES;
    boolean resizable = kind.data().image() && !flat && kind.channels() == network.channels();
    if (!asItIs && !resizable) {
      throw data.unfit(
          kind.toString(),
          "takes %d x %d x %d; change height, width and channels in [net]"
              .formatted(height, width, network.channels()));
    }
    augmentation =
        resizable && !scenes ? Augmentation.of(cfg.net(), height, width) : Optional.empty();
    placement =
        resizable && scenes && detects(last)
            ? Optional.of(Placement.of(cfg.net(), last))
            : Optional.empty();
    requireTruths(cfg);
  }

  /** Whose samples they are. */
  public PmData data() {
    return data;
  }

  /** For which it is. */
  public Network network() {
    return network;
  }

  private static boolean detects(Section layer) {
    return List.of("region", "yolo", "detection").contains(layer.type());
  }

  private void requireTruths(CfgFile cfg) {
    switch (kind.data()) {
      case SCENES -> {
        if (!detects(last)) {
          throw data.unfit("scenes with boxes", "does not end in [yolo], [region] or [detection]");
        }
        cfg.layers().stream().filter(Fitting::detects).forEach(this::requireBoxes);
      }
      case REGRESSION -> {
        if (kind.slots() != network.truths()) {
          throw data.unfit(
              "with " + kind.slots() + " targets",
              "predicts " + network.truths() + "; change its last layer");
        }
      }
      case IMAGES, VECTORS -> {
        if (detects(last) || kind.classes() != network.truths()) {
          throw data.unfit(
              "of " + kind.classes() + " classes",
              "tells " + network.truths() + " apart; change its last layer");
        }
      }
      case TEXT -> throw data.unfit("pieces of a text", "takes samples");
    }
  }

  private void requireBoxes(Section detector) {
    if (detector.integer("classes") != kind.classes()) {
      throw data.unfit(
          "of " + kind.classes() + " classes",
          "tells %d apart; change classes in its [%s]"
              .formatted(detector.integer("classes"), detector.type()));
    }
    if (!detector.type().equals("yolo") && detector.integer("coords") != 4) {
      throw data.unfit(
          "boxes of 4 numbers",
          "takes %d; set coords=4 in its [%s]"
              .formatted(detector.integer("coords"), detector.type()));
    }
  }

  /** Values of an image that the network is to learn from next. */
  int trainingInputs() {
    return network.batchHeight() * network.batchWidth() * network.channels();
  }

  /** A sample to learn from: what chance makes of it, and the truth about that. */
  void train(long index, Chance chance, float[] input, int at, float[] truth, int truthAt) {
    if (augmentation.isEmpty() && placement.isEmpty()) {
      truth(load(index, input, at), truth, truthAt);
      return;
    }
    Image sample = new Image(kind.height(), kind.width(), kind.channels());
    Label label = data.load(index, sample.values(), 0);
    Image changed;
    if (label instanceof Label.Boxes scene) {
      float[] boxes = boxes(scene);
      int height = network.batchHeight();
      int width = network.batchWidth();
      changed = placement.orElseThrow().place(sample, boxes, height, width, chance);
      truth(boxes, truth, truthAt);
    } else {
      changed = augmentation.orElseThrow().augment(sample, chance);
      truth(label, truth, truthAt);
    }
    System.arraycopy(changed.values(), 0, input, at, trainingInputs());
  }

  /** A sample to look at: as it is, or its middle, or the whole of a scene. */
  private Label load(long index, float[] input, int at) {
    if (asItIs) {
      return data.load(index, input, at);
    }
    Image sample = new Image(kind.height(), kind.width(), kind.channels());
    Label label = data.load(index, sample.values(), 0);
    int height = network.height();
    int width = network.width();
    Image fitted =
        !(label instanceof Label.Boxes)
            ? sample.centerCrop(height, width)
            : inGrid() ? sample.resize(height, width) : sample.letterbox(height, width);
    System.arraycopy(fitted.values(), 0, input, at, network.inputs());
    return label;
  }

  /**
   * Shows the network all samples of the set, a batch at a time and in the set's own order.
   *
   * @param each takes what it says of some samples: their labels, and the first of its outputs
   */
  public void predict(BiConsumer<List<Label>, float[]> each) {
    int batch = network.subBatch();
    float[] inputs = new float[Math.multiplyExact(batch, network.inputs())];
    for (long first = 0; first < data.count(); first += batch) {
      List<Label> labels = new ArrayList<>();
      for (long i = first; i < Math.min(first + batch, data.count()); i++) {
        labels.add(load(i, inputs, labels.size() * network.inputs()));
      }
      each.accept(labels, network.predict(inputs, labels.size()));
    }
  }

  /** Whether boxes are told in a grid, [detection], whose scenes are stretched. */
  private boolean inGrid() {
    return last.type().equals("detection");
  }

  /**
   * What the network found in an image of its last prediction, before non-maximum suppression.
   *
   * @return boxes in shares of the sample
   */
  public List<Detection> detections(int image, float threshold) {
    int width = inGrid() ? 1 : asItIs ? network.width() : kind.width();
    int height = inGrid() ? 1 : asItIs ? network.height() : kind.height();
    return network.detections(image, width, height, threshold, TREE_THRESHOLD);
  }

  private void truth(Label label, float[] truth, int at) {
    switch (label) {
      case Label.Category category -> {
        Arrays.fill(truth, at, at + network.truths(), 0);
        truth[at + category.number()] = 1;
      }
      case Label.Targets targets ->
          System.arraycopy(targets.values(), 0, truth, at, targets.values().length);
      case Label.Boxes scene -> truth(boxes(scene), truth, at);
      case Label.Length _ -> throw new IllegalStateException("a piece is no sample");
    }
  }

  private void truth(float[] boxes, float[] truth, int at) {
    if (inGrid()) {
      Placement.grid(boxes, truth, at, last.integer("side"), kind.classes());
    } else {
      Placement.list(boxes, truth, at, network.truths(), last.integer("max"));
    }
  }

  /** A scene's boxes in the order of Darknet's truth: x, y, w, h and class of each. */
  public static float[] boxes(Label.Boxes scene) {
    float[] boxes = new float[scene.boxes().size() * Placement.BOX];
    int at = 0;
    for (Label.Box box : scene.boxes()) {
      boxes[at++] = box.x();
      boxes[at++] = box.y();
      boxes[at++] = box.w();
      boxes[at++] = box.h();
      boxes[at++] = box.category();
    }
    return boxes;
  }
}
