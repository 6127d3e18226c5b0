package plinius.darknet;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import plinius.darknet.Branches.Branch;

/** Everything that a run differs by, as one vector in units of what is allowed. */
final class Differences {
  /** What must be left of the squares for a branch to count as an explanation. */
  private static final double EXPLAINS = .95;

  private float[] values = new float[1 << 10];
  private int count;

  void clear() {
    count = 0;
  }

  void add(double difference, double allowed) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    double units = difference / allowed;
    values[count++] = Double.isNaN(units) ? 1e9f : (float) Math.clamp(units, -1e9, 1e9);
  }

  float[] values() {
    return Arrays.copyOf(values, count);
  }

  static float[] minus(float[] a, float[] b) {
    float[] difference = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }

  /**
   * The branches whose effects together take away most of what differs: the one that takes away
   * most, then the one that takes away most of the rest, and so on.
   */
  static Set<Branch> explanation(float[] unexplained, Map<Branch, float[]> effects) {
    float[] rest = unexplained.clone();
    Set<Branch> chosen = new LinkedHashSet<>();
    double left = squares(rest, null);
    while (chosen.size() < effects.size()) {
      Branch best = null;
      double least = EXPLAINS * left;
      for (Map.Entry<Branch, float[]> effect : effects.entrySet()) {
        double squares = chosen.contains(effect.getKey()) ? left : squares(rest, effect.getValue());
        if (squares < least) {
          least = squares;
          best = effect.getKey();
        }
      }
      if (best == null) {
        break;
      }
      chosen.add(best);
      float[] effect = effects.get(best);
      for (int i = 0; i < rest.length; i++) {
        rest[i] += effect[i];
      }
      left = least;
    }
    return chosen;
  }

  private static double squares(float[] rest, float[] effect) {
    double sum = 0;
    for (int i = 0; i < rest.length; i++) {
      double value = effect == null ? rest[i] : (double) rest[i] + effect[i];
      sum += value * value;
    }
    return sum;
  }
}
