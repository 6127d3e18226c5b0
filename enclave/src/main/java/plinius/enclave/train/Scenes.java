package plinius.enclave.train;

import java.util.Comparator;
import java.util.List;
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

  /** Takes a scene's true boxes, and what was found there after non-maximum suppression. */
  interface Each<X extends Exception> {
    void accept(Label.Boxes truth, List<Detection> found) throws X;
  }

  /**
   * Looks at every scene.
   *
   * @param threshold below which a probability is no find
   * @param overlap of two boxes above which the less probable is dropped
   */
  static <X extends Exception> void each(
      Fitting fitting, float threshold, float overlap, Each<X> each) throws X {
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
