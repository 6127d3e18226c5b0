package plinius.darknet.cfg;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
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

  private static final int DIFFERENCES_MAX = 10;

  private final String fileName;
  private final List<Section> sections = new ArrayList<>();
  private int number; // of the line that is being read; 0 = none

  private Cfg(String fileName) {
    this.fileName = fileName;
  }

  /**
   * Reads a configuration.
   *
   * @param text the file's text
   * @param fileName how messages call it
   * @param netOverrides keys of [net] whose values replace, or add to, the file's
   * @throws CfgException if anything in it is not known
   */
  public static CfgFile parse(String text, String fileName, Map<String, String> netOverrides) {
    return new Cfg(fileName).read(text, netOverrides);
  }

  private CfgFile read(String text, Map<String, String> netOverrides) {
    if (text.length() > MAX_CHARS) {
      throw refuse("is longer than " + MAX_CHARS + " characters; is it a .cfg file?");
    }
    for (String raw : text.split("\n", -1)) {
      number++;
      String line = stripped(raw);
      if (line.startsWith("[")) {
        sections.add(heading(line));
      } else if (!line.isEmpty() && line.charAt(0) != '#' && line.charAt(0) != ';') {
        option(line);
      }
    }
    number = 0;
    if (sections.isEmpty()) {
      throw refuse("has no sections; the first must be [net].");
    }
    Section net = sections.getFirst();
    // In the order of their names, so that of two mistakes always the same one is reported.
    new TreeMap<>(netOverrides).forEach((key, value) -> override(net, key, value));
    NetRules.check(net);
    return new CfgFile(fileName, net, sections.subList(1, sections.size()));
  }

  private CfgException refuse(String reason) {
    return new CfgException(fileName, number, reason);
  }

  private static String stripped(String raw) {
    return raw.replaceAll("[ \t\r\n]", "");
  }

  private Section heading(String line) {
    String written =
        line.endsWith("]") ? line.substring(1, line.length() - 1) : line.substring(1) + " (no ])";
    String type = Schema.name(written);
    boolean first = sections.isEmpty();
    if (Schema.keys(type).isEmpty()) {
      throw refuse("unknown section [" + shown(written) + "]" + Key.known(Schema.sectionNames()));
    }
    if (first != type.equals("net")) {
      throw refuse(
          first
              ? "the first section must be [net], not [" + written + "]."
              : "[" + written + "] must be the first section, and there is one already.");
    }
    if (sections.size() > MAX_LAYERS) {
      throw refuse("more than " + MAX_LAYERS + " layers.");
    }
    return new Section(fileName, type, number);
  }

  private void option(String line) {
    if (sections.isEmpty()) {
      throw refuse("'" + shown(line) + "' stands before any section; [net] comes first.");
    }
    Section section = sections.getLast();
    int equals = line.indexOf('=');
    String key = equals < 0 ? line : line.substring(0, equals);
    if (equals <= 0 || equals == line.length() - 1) {
      throw refuse("'%s' in [%s] is not key=value.".formatted(shown(line), section.type()));
    }
    Entry entry = entry(fileName, section, key, line.substring(equals + 1));
    section.entries().putIfAbsent(key, entry); // as in Darknet, the first counts
  }

  private void override(Section net, String rawKey, String rawValue) {
    String key = stripped(rawKey);
    String value = stripped(rawValue);
    String place = "--set " + shown(key) + "=" + shown(value);
    net.entries().put(key, entry(place, net, key, value));
  }

  private Entry entry(String place, Section section, String key, String value) {
    Map<String, Key> keys = Schema.keys(section.type());
    if (!keys.containsKey(key)) {
      String unknown = "unknown key '" + shown(key) + "' in [" + section.type() + "]";
      throw new CfgException(place, number, unknown + Key.known(keys.keySet()));
    }
    try {
      return new Entry(keys.get(key).normalise(value), number);
    } catch (IllegalArgumentException e) {
      boolean comment = value.indexOf('#') >= 0 || value.indexOf(';') >= 0;
      String hint = comment ? " A comment needs a line of its own." : "";
      throw new CfgException(
          place,
          number,
          "[%s] %s=%s: '%3$s' %s%s"
              .formatted(section.type(), key, shown(value), e.getMessage(), hint));
    }
  }

  /** At most a line of it, and nothing that could steer a terminal. */
  public static String shown(String text) {
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
    Map<Setting, String> there = settings(mirrored);
    Map<Setting, String> here = settings(offered);
    List<String> found = new ArrayList<>();
    here.forEach(
        (setting, is) -> {
          String was = there.get(setting);
          if (was == null && setting.key().isEmpty()) {
            found.add(setting.section() + " is not in the mirrored model");
          } else if (was != null && !was.equals(is)) {
            found.add(
                "%s: %s=%s, but the mirrored model has %2$s=%s"
                    .formatted(setting.section(), setting.key(), is, was));
          }
        });
    there.keySet().removeAll(here.keySet());
    there.keySet().stream()
        .filter(setting -> setting.key().isEmpty())
        .forEach(setting -> found.add(setting.section() + " is only in the mirrored model"));
    if (found.isEmpty()) {
      return "the texts differ in their spelling";
    }
    int more = found.size() - DIFFERENCES_MAX;
    String first = found.stream().limit(DIFFERENCES_MAX).collect(Collectors.joining("\n"));
    return first + (more > 0 ? "\nand " + more + " more" : "");
  }

  /** The place of a value; without a key, of a section. */
  private record Setting(String section, String key) {}

  /** What a canonical text says, and by its silence leaves at the defaults. */
  private static Map<Setting, String> settings(String canonical) {
    Map<Setting, String> settings = new LinkedHashMap<>();
    String section = "";
    int layer = -1; // of the section that comes next
    for (String line : canonical.split("\n", -1)) {
      int equals = line.indexOf('=');
      if (line.startsWith("[") && line.endsWith("]")) {
        section = layer < 0 ? line : line + " (layer " + layer + ")";
        layer++;
        settings.put(new Setting(section, ""), "");
        for (Key key : Schema.keys(line.substring(1, line.length() - 1)).values()) {
          settings.put(new Setting(section, key.name()), key.byDefault());
        }
      } else if (equals > 0) {
        settings.put(new Setting(section, line.substring(0, equals)), line.substring(equals + 1));
      }
    }
    return settings;
  }
}
