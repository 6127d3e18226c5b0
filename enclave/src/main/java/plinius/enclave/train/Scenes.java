package plinius.enclave.train;

import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import plinius.darknet.layer.Detection;
import plinius.dataset.DataKind;
import plinius.dataset.Label;
import plinius.enclave.EnclaveException;
import plinius.enclave.pmdata.Fitting;

/** What a network finds in the scenes of a set, in the set's order. */
final class Scenes {
  /** Boxes of a scene that are looked at, the surest first: an untrained network finds them all. */
  private static final int BOXES_MAX = 1000;

  private Scenes() {}

  /**
   * Looks at every scene.
   *
   * @param threshold below which a probability is no find
   * @param overlap of two boxes above which the less probable is dropped
   * @param each takes a scene's true boxes, and what was found there after non-maximum suppression
   */
  static void each(
      Fitting fitting,
      float threshold,
      float overlap,
      BiConsumer<Label.Boxes, List<Detection>> each) {
    if (fitting.data().kind().data() != DataKind.SCENES) {
      throw new EnclaveException.BadInput(
          "only scenes have things to detect, and these are samples of another kind; seal pictures"
              + " with --scenes");
    }
    fitting.predict(
        (labels, _) -> {
          for (int i = 0; i < labels.size(); i++) {
            List<Detection> surest =
                fitting.detections(i, threshold).stream()
                    .sorted(Comparator.comparingDouble(found -> -found.objectness()))
                    .limit(BOXES_MAX)
                    .toList();
            each.accept((Label.Boxes) labels.get(i), Detection.suppressByClass(surest, overlap));
          }
        });
  }
}
