package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** A box that may hold an object, and the probability of each class (darknet box.c at f6afaab). */
public final class Detection {
  private final Box box;
  private float objectness;
  private final float[] probabilities;

  /** A box that was found. */
  public Detection(Box box, float objectness, float[] probabilities) {
    this.box = box;
    this.objectness = objectness;
    this.probabilities = probabilities;
  }

  /** Where it is. */
  public Box box() {
    return box;
  }

  /** How sure it is that there is an object; 0 once a better box stands for it. */
  public float objectness() {
    return objectness;
  }

  /** (classes); 0 where below the threshold, or where a better box stands for it. */
  public float[] probabilities() {
    return probabilities;
  }

  /** What a picture's detections depend on. */
  public record Query(
      int image,
      int width,
      int height,
      int netWidth,
      int netHeight,
      float threshold,
      float treeThreshold,
      boolean relative) {
    float above(float value) {
      return value > threshold ? value : 0;
    }

    Box unboxed(Box box) {
      return box.unboxed(width, height, netWidth, netHeight, relative);
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

  /** Non-maximum suppression by objectness, for all classes at once. */
  public static List<Detection> suppress(List<Detection> all, float threshold) {
    List<Detection> kept = new ArrayList<>(all.stream().filter(d -> d.objectness != 0).toList());
    kept.sort(Comparator.comparingDouble(d -> -d.objectness));
    for (int i = 0; i < kept.size(); i++) {
      for (int j = i + 1; j < kept.size() && kept.get(i).objectness != 0; j++) {
        Detection other = kept.get(j);
        if (other.objectness != 0 && kept.get(i).box.iou(other.box) > threshold) {
          other.objectness = 0;
          Arrays.fill(other.probabilities, 0);
        }
      }
    }
    return kept;
  }
}
