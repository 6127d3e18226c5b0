package plinius.exchange.cfg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import plinius.darknet.cfg.Schema;

/** Finds keys that are given twice, of which the strict reader says nothing: the first counts. */
public final class Repeated {
  private static final int NOTES_MAX = 100;

  private Repeated() {}

  /** A note for each, of a text that the strict reader has taken. */
  public static List<String> keys(String text, String fileName) {
    List<String> notes = new ArrayList<>();
    Map<String, Integer> first = new HashMap<>();
    String section = "";
    int number = 0;
    for (String raw : text.split("\n", -1)) {
      number++;
      String line = raw.replaceAll("[ \t\r]", "");
      if (line.startsWith("[")) {
        section = Schema.name(line.substring(1, line.length() - 1));
        first.clear();
      } else if (!line.isEmpty() && line.charAt(0) != '#' && line.charAt(0) != ';') {
        String key = line.substring(0, line.indexOf('='));
        Integer before = first.putIfAbsent(key, number);
        if (before != null && notes.size() < NOTES_MAX) {
          notes.add(
              "%s:%s: key '%s' of [%s] is given again; as in Darknet, line %s counts."
                  .formatted(fileName, number, key, section, before));
        }
      }
    }
    return notes;
  }
}
