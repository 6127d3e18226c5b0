package plinius.evaluation;

import java.util.Arrays;

/** The few numbers that measurements are told by. */
public final class Statistics {
  private Statistics() {}

  /** The middle value, or the mean of the two middle ones. */
  public static double median(double... values) {
    requireSome(values);
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  public static double mean(double... values) {
    requireSome(values);
    return Arrays.stream(values).average().orElseThrow();
  }

  private static void requireSome(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("nothing was measured");
    }
  }
}
