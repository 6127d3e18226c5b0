package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A box that may hold an object (darknet box.c at f6afaab).
 *
 * @param box where it is
 * @param objectness how sure it is that there is an object
 * @param probabilities (classes); 0 where below the threshold, or where a better box stands for it
 */
@SuppressWarnings("ArrayRecordComponent") // which suppression changes
public record Detection(Box box, float objectness, float[] probabilities) {
  /** What a picture's detections depend on. */
  public record Query(
      int image, int width, int height, Shape net, float threshold, float treeThreshold) {
    float above(float value) {
      return value > threshold ? value : 0;
    }

    /** The classes of a box, each times how sure it is of an object. */
    float[] above(float objectness, float[] values, int at, int classes) {
      float[] probabilities = new float[classes];
      for (int k = 0; k < classes; k++) {
        probabilities[k] = above(objectness * values[at + k]);
      }
      return probabilities;
    }

    Box unboxed(Box box) {
      return box.unboxed(width, height, net.w(), net.h());
    }
  }

  /**
   * Non-maximum suppression, class by class: of boxes that overlap by more than the threshold only
   * the most probable keeps its probability. Drops boxes without an object; keeps the order of
   * equals.
   */
  public static List<Detection> suppressByClass(List<Detection> all, float threshold) {
    List<Detection> kept = new ArrayList<>(all.stream().filter(d -> d.objectness != 0).toList());
    int classes = kept.isEmpty() ? 0 : kept.getFirst().probabilities.length;
    for (int k = 0; k < classes; k++) {
      int each = k;
      kept.sort(Comparator.comparingDouble(d -> -d.probabilities[each]));
      for (int i = 0; i < kept.size(); i++) {
        for (int j = i + 1; j < kept.size() && kept.get(i).probabilities[k] != 0; j++) {
          if (kept.get(i).box.iou(kept.get(j).box) > threshold) {
            kept.get(j).probabilities[k] = 0;
          }
        }
      }
    }
    return kept;
  }
}
