package plinius.enclave.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import plinius.darknet.Network;
import plinius.darknet.layer.Detection;
import plinius.dataset.DataKind;
import plinius.dataset.Label;
import plinius.enclave.EnclaveException;
import plinius.enclave.pmdata.Fitting;
import plinius.enclave.pmdata.PmData;

/** What a network finds in the scenes of a set, in the set's order. */
final class Scenes {
  /** Boxes of a scene that are looked at, the surest first: an untrained network finds them all. */
  private static final int BOXES_MAX = 1000;

  private Scenes() {}

  /** Takes a scene's true boxes, and what was found there after non-maximum suppression. */
  interface Each {
    void accept(Label.Boxes truth, List<Detection> found) throws IOException;
  }

  /**
   * Looks at every scene.
   *
   * @param threshold below which a probability is no find
   * @param overlap of two boxes above which the less probable is dropped
   */
  static void each(PmData data, Fitting fitting, float threshold, float overlap, Each each)
      throws IOException {
    if (data.kind().data() != DataKind.SCENES) {
      throw new EnclaveException.BadInput(
          "only scenes have things to detect, and these are samples of another kind; seal pictures"
              + " with --scenes");
    }
    Network network = fitting.network();
    int batch = network.subBatch();
    float[] images = new float[Math.multiplyExact(batch, network.inputs())];
    Label[] labels = new Label[batch];
    for (long first = 0; first < data.count(); first += batch) {
      int count = (int) Math.min(batch, data.count() - first);
      for (int i = 0; i < count; i++) {
        labels[i] = fitting.load(data, first + i, images, i * network.inputs());
      }
      network.predict(images, count);
      for (int i = 0; i < count; i++) {
        List<Detection> found = new ArrayList<>(fitting.detections(i, threshold));
        found.sort(Comparator.comparingDouble(d -> -d.objectness()));
        List<Detection> surest = found.subList(0, Math.min(found.size(), BOXES_MAX));
        each.accept((Label.Boxes) labels[i], Detection.suppressByClass(surest, overlap));
      }
    }
  }
}
