package plinius.darknet.cfg;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import plinius.darknet.cfg.Section.Entry;

/**
 * Reads Darknet's .cfg files (darknet parser.c read_cfg at f6afaab), strictly. As there, blanks are
 * dropped anywhere in a line and a comment is a line of its own that starts with # or ;. Unlike
 * there, carriage returns are dropped too, and whatever the original would drop in silence or
 * replace by a default - unknown sections, keys and values, a number with something behind it - is
 * an error. Of a key that is given twice the first counts, as there, and a note says so.
 */
public final class Cfg {
  /** Longest text that is looked at: the largest network of the original has 20 KB. */
  public static final int MAX_CHARS = 1 << 20;

  /** Most layers: the deepest network of the original has 206. */
  public static final int MAX_LAYERS = 4096;

  private static final int NOTES_MAX = 100;

  private Cfg() {}

  /**
   * Reads a configuration.
   *
   * @param text the file's text
   * @param fileName how messages call it
   * @param netOverrides keys of [net] whose values replace, or add to, the file's
   * @throws CfgException if anything in it is not known
   */
  public static CfgFile parse(String text, String fileName, Map<String, String> netOverrides) {
    if (text.length() > MAX_CHARS) {
      throw new CfgException(
          fileName, 0, "", "is longer than " + MAX_CHARS + " characters; is it a .cfg file?");
    }
    List<Section> sections = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    int number = 0;
    for (String raw : text.split("\n", -1)) {
      number++;
      String line = stripped(raw);
      if (line.isEmpty() || line.charAt(0) == '#' || line.charAt(0) == ';') {
        continue;
      }
      if (line.charAt(0) == '[') {
        sections.add(heading(fileName, number, line, sections.size()));
      } else if (sections.isEmpty()) {
        throw new CfgException(
            fileName,
            number,
            "",
            "'" + shown(line) + "' stands before any section; [net] comes first.");
      } else {
        option(fileName, number, line, sections.getLast(), notes);
      }
    }
    if (sections.isEmpty()) {
      throw new CfgException(fileName, 0, "net", "has no sections; the first must be [net].");
    }
    Section net = sections.getFirst();
    // In the order of their names, so that of two mistakes always the same one is reported.
    new TreeMap<>(netOverrides)
        .forEach((key, value) -> override(net, stripped(key), stripped(value)));
    NetRules.check(net);
    return new CfgFile(fileName, net, sections.subList(1, sections.size()), notes);
  }

  private static String stripped(String raw) {
    StringBuilder kept = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
        kept.append(c);
      }
    }
    return kept.toString();
  }

  private static Section heading(String fileName, int number, String line, int before) {
    String written =
        line.endsWith("]") ? line.substring(1, line.length() - 1) : line.substring(1) + " (no ])";
    String type = Schema.ALIASES.getOrDefault(written, written);
    if (Schema.keys(type).isEmpty()) {
      String reason =
          "unknown section ["
              + shown(written)
              + "]"
              + Nearest.suggestion(written, Schema.sectionNames());
      throw new CfgException(
          fileName,
          number,
          shown(written),
          reason + " Known: " + String.join(", ", Schema.sectionNames()) + ".");
    }
    if ((before == 0) != type.equals("net")) {
      throw new CfgException(
          fileName,
          number,
          written,
          before == 0
              ? "the first section must be [net], not [" + written + "]."
              : "[" + written + "] must be the first section, and there is one already.");
    }
    if (before > MAX_LAYERS) {
      throw new CfgException(fileName, number, written, "more than " + MAX_LAYERS + " layers.");
    }
    return new Section(fileName, type, number);
  }

  private static void option(
      String fileName, int number, String line, Section section, List<String> notes) {
    int equals = line.indexOf('=');
    String key = equals < 0 ? line : line.substring(0, equals);
    if (equals <= 0 || equals == line.length() - 1) {
      throw new CfgException(
          fileName,
          number,
          shown(key),
          "'" + shown(line) + "' in [" + section.type() + "] is not key=value.");
    }
    Entry entry = entry(fileName, number, section, key, line.substring(equals + 1));
    Entry first = section.entries().putIfAbsent(key, entry);
    if (first != null && notes.size() < NOTES_MAX) {
      notes.add(
          fileName
              + ":"
              + number
              + ": key '"
              + key
              + "' of ["
              + section.type()
              + "] is given again; as in Darknet, line "
              + first.line()
              + " counts.");
    }
  }

  private static void override(Section net, String key, String value) {
    net.entries().put(key, entry("--set " + shown(key) + "=" + shown(value), 0, net, key, value));
  }

  private static Entry entry(
      String fileName, int number, Section section, String key, String value) {
    Map<String, Key> keys = Schema.keys(section.type());
    Key known = keys.get(key);
    if (known == null) {
      throw new CfgException(
          fileName,
          number,
          shown(key),
          "unknown key '"
              + shown(key)
              + "' in ["
              + section.type()
              + "]"
              + Nearest.suggestion(key, keys.keySet())
              + " Known: "
              + String.join(", ", keys.keySet())
              + ".");
    }
    Key.Normalised normal = known.normalise(value);
    if (normal.problem().isPresent()) {
      String hint =
          value.indexOf('#') >= 0 || value.indexOf(';') >= 0
              ? " A comment needs a line of its own."
              : "";
      throw new CfgException(
          fileName,
          number,
          key,
          "["
              + section.type()
              + "] "
              + key
              + "="
              + shown(value)
              + ": '"
              + shown(value)
              + "' "
              + normal.problem().get()
              + hint);
    }
    return new Entry(normal.text(), number);
  }

  /** At most a line of it, and nothing that could steer a terminal. */
  private static String shown(String text) {
    String cut = text.length() > 80 ? text.substring(0, 80) + "..." : text;
    return cut.replaceAll("[^\\x20-\\x7e]", "?");
  }

  /**
   * What differs between two canonical texts, in words: section number, key and both values.
   *
   * @param mirrored the canonical text that a mirror was made with
   * @param offered the canonical text that is to go on with it
   * @return empty if nothing differs; else one line for each difference, the first ten
   */
  public static String difference(String mirrored, String offered) {
    if (mirrored.equals(offered)) {
      return "";
    }
    List<Map.Entry<String, Map<String, String>>> there = sections(mirrored);
    List<Map.Entry<String, Map<String, String>>> here = sections(offered);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < Math.max(there.size(), here.size()); i++) {
      if (i >= there.size()) {
        found.add(place(i, here.get(i).getKey()) + " is not in the mirrored model");
      } else if (i >= here.size()) {
        found.add(place(i, there.get(i).getKey()) + " is only in the mirrored model");
      } else if (!there.get(i).getKey().equals(here.get(i).getKey())) {
        found.add(
            place(i, here.get(i).getKey())
                + " is ["
                + there.get(i).getKey()
                + "] in the mirrored model");
      } else {
        String type = here.get(i).getKey();
        Map<String, String> a = there.get(i).getValue();
        Map<String, String> b = here.get(i).getValue();
        TreeMap<String, String> keys = new TreeMap<>(a);
        keys.putAll(b);
        for (String key : keys.keySet()) {
          String was = a.getOrDefault(key, byDefault(type, key));
          String is = b.getOrDefault(key, byDefault(type, key));
          if (!was.equals(is)) {
            found.add(
                place(i, type)
                    + ": "
                    + key
                    + "="
                    + is
                    + ", but the mirrored model has "
                    + key
                    + "="
                    + was);
          }
        }
      }
    }
    if (found.size() > 10) {
      int more = found.size() - 10;
      found = new ArrayList<>(found.subList(0, 10));
      found.add("and " + more + " more");
    }
    return found.isEmpty() ? "the texts differ in their spelling" : String.join("\n", found);
  }

  private static String place(int index, String type) {
    return index == 0 ? "[" + type + "]" : "[" + type + "] (layer " + (index - 1) + ")";
  }

  private static String byDefault(String type, String key) {
    Key known = Schema.keys(type).get(key);
    return known == null ? "" : known.byDefault();
  }

  private static List<Map.Entry<String, Map<String, String>>> sections(String canonical) {
    List<Map.Entry<String, Map<String, String>>> sections = new ArrayList<>();
    for (String line : canonical.split("\n", -1)) {
      if (line.startsWith("[") && line.endsWith("]")) {
        sections.add(Map.entry(line.substring(1, line.length() - 1), new LinkedHashMap<>()));
      } else if (!sections.isEmpty() && line.indexOf('=') > 0) {
        int equals = line.indexOf('=');
        sections.getLast().getValue().put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return sections;
  }
}
