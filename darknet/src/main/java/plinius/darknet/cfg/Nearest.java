package plinius.darknet.cfg;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;

/** Finds what somebody probably meant to write. */
public final class Nearest {
  private Nearest() {}

  /** A sentence that names the nearest of the known words, or nothing when none is near. */
  public static String suggestion(String word, Collection<String> known) {
    String best = Collections.min(known, Comparator.comparingInt(other -> distance(word, other)));
    boolean near = distance(word, best) <= Math.max(2, best.length() / 2);
    return near ? "; did you mean '" + best + "'?" : ".";
  }

  /** The same, and all known words. */
  static String known(String word, Collection<String> known) {
    return suggestion(word, known) + " Known: " + String.join(", ", known) + ".";
  }

  /**
   * Edits (insert, drop, replace) between two words; long words are cut, they are not typing
   * errors.
   */
  private static int distance(String a, String b) {
    int n = Math.min(a.length(), 64);
    int[] edits = new int[b.length() + 1]; // from the first i of a to the first j of b
    Arrays.setAll(edits, j -> j);
    for (int i = 1; i <= n; i++) {
      int diagonal = edits[0];
      edits[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = edits[j];
        edits[j] = Math.min(replace, 1 + Math.min(diagonal, edits[j - 1]));
      }
    }
    return edits[b.length()] + (a.length() - n);
  }
}
