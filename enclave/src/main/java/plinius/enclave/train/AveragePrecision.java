package plinius.enclave.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import plinius.darknet.layer.Box;
import plinius.darknet.layer.Detection;
import plinius.dataset.Label;

/**
 * How precise finds are, averaged over all recalls and classes, as the PASCAL VOC challenge counts
 * since 2010 (Everingham et al., IJCV 2015, section 4.2): of a class, a find is right if it
 * overlaps a true box by half that no surer find has taken.
 */
final class AveragePrecision {
  private static final float OVERLAP = .5f;

  /** One find, over all scenes. */
  private record Find(float probability, boolean right) {}

  private final List<List<Find>> finds = new ArrayList<>();
  private final long[] truths;

  AveragePrecision(int classes) {
    truths = new long[classes];
    for (int k = 0; k < classes; k++) {
      finds.add(new ArrayList<>());
    }
  }

  /** Counts a scene. */
  void add(List<Label.Box> scene, List<Detection> found) {
    for (int k = 0; k < truths.length; k++) {
      int each = k;
      List<Label.Box> wanted = scene.stream().filter(box -> box.category() == each).toList();
      truths[k] += wanted.size();
      boolean[] taken = new boolean[wanted.size()];
      List<Detection> surest =
          found.stream()
              .filter(d -> d.probabilities()[each] > 0)
              .sorted(Comparator.comparingDouble(d -> -d.probabilities()[each]))
              .toList();
      for (Detection detection : surest) {
        int best = nearest(detection.box(), wanted);
        boolean right = best >= 0 && !taken[best];
        if (right) {
          taken[best] = true;
        }
        finds.get(k).add(new Find(detection.probabilities()[k], right));
      }
    }
  }

  /** The true box that a find overlaps most; -1 if none by half. */
  private static int nearest(Box found, List<Label.Box> wanted) {
    int best = -1;
    float most = OVERLAP;
    for (int i = 0; i < wanted.size(); i++) {
      Label.Box box = wanted.get(i);
      float overlap = found.iou(new Box(box.x(), box.y(), box.w(), box.h()));
      if (overlap >= most) {
        most = overlap;
        best = i;
      }
    }
    return best;
  }

  /** The mean over the classes that the scenes have; 0 if they have none. */
  double mean() {
    double sum = 0;
    int counted = 0;
    for (int k = 0; k < truths.length; k++) {
      if (truths[k] > 0) {
        sum += area(finds.get(k), truths[k]);
        counted++;
      }
    }
    return counted == 0 ? 0 : sum / counted;
  }

  /** Under the precision that is reached at a recall or any greater one. */
  private static double area(List<Find> finds, long truths) {
    List<Find> surest =
        finds.stream().sorted(Comparator.comparingDouble(find -> -find.probability())).toList();
    double[] precisions = new double[surest.size()];
    int right = 0;
    for (int i = 0; i < precisions.length; i++) {
      right += surest.get(i).right() ? 1 : 0;
      precisions[i] = (double) right / (i + 1);
    }
    double area = 0;
    double highest = 0;
    for (int i = precisions.length - 1; i >= 0; i--) {
      highest = Math.max(highest, precisions[i]);
      area += surest.get(i).right() ? highest / truths : 0;
    }
    return area;
  }
}
