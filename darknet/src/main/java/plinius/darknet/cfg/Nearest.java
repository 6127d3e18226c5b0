package plinius.darknet.cfg;

import java.util.Collection;

/** Finds what somebody probably meant to write. */
public final class Nearest {
  private Nearest() {}

  /** A sentence that names the nearest of the known words, or nothing when none is near. */
  public static String suggestion(String word, Collection<String> known) {
    String best = "";
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = candidate;
      }
    }
    boolean near = bestDistance <= Math.max(2, best.length() / 2);
    return near ? "; did you mean '" + best + "'?" : ".";
  }

  /**
   * Edits (insert, drop, replace) between two words; long words are cut, they are not typing
   * errors.
   */
  private static int distance(String a, String b) {
    int n = Math.min(a.length(), 64);
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= n; i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replace, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()] + (a.length() - n);
  }
}
