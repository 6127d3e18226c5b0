package plinius.exchange.cfg;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds what somebody probably meant to write. */
public final class Nearest {
  private static final Pattern UNKNOWN =
      Pattern.compile(
          "(?<what>(?:unknown (?:key|section) |: )['\\[](?<word>[^'\\]]*)['\\]]"
              + "(?: in \\[\\w+\\]| is not known)?)\\. Known: (?<known>[^.]*)\\.");

  private Nearest() {}

  /** A sentence that names the nearest of the known words, or nothing when none is near. */
  public static String suggestion(String word, Collection<String> known) {
    String best = Collections.min(known, Comparator.comparingInt(other -> distance(word, other)));
    boolean near = distance(word, best) <= Math.max(2, best.length() / 2);
    return near ? "; did you mean '" + best + "'?" : ".";
  }

  /**
   * What the reader of configurations says, with the nearest of the known words put in where it
   * names an unknown one: the reader is in the enclave too, which has no need to guess.
   */
  public static String suggested(String message) {
    Matcher found = UNKNOWN.matcher(message);
    if (!found.find()) {
      return message;
    }
    String word = message.substring(found.start("word"), found.end("word"));
    String guess = suggestion(word, List.of(found.group("known").split(", ", -1)));
    return new StringBuilder(message)
        .replace(found.end("what"), found.end("what") + 1, guess)
        .toString();
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
