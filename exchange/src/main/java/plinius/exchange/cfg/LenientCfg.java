package plinius.exchange.cfg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.Key;
import plinius.darknet.cfg.Schema;

/**
 * A .cfg file with the original's leniency (darknet parser.c read_cfg, option_list.c, utils.c at
 * f6afaab): unknown keys do nothing, of two equal keys the first counts, numbers go as far as they
 * go, unknown words become what the original falls back to. What the original crashes on, or turns
 * into something that cannot run, is refused.
 *
 * <p>The leniency is a translation: a text comes out that the strict reader takes, line for line,
 * and everything behind it - the digest that the owner grants, the enclave - sees that text alone.
 *
 * @param text for {@link Cfg#parse}; its lines have the numbers of the file's
 * @param warnings what was read otherwise than written: place, what it said, what it became
 */
public record LenientCfg(String text, List<String> warnings) {
  /** More is noise. */
  private static final int WARNINGS_MAX = 100;

  /** What the original takes where it does not know a word. */
  private static final Map<String, String> FALLBACKS =
      Map.of("activation", "relu", "policy", "constant", "type", "sse");

  /** Copies the warnings. */
  public LenientCfg {
    warnings = List.copyOf(warnings);
  }

  /**
   * Translates a file.
   *
   * @param text the file's text
   * @param fileName how messages call it
   * @throws CfgException if the original would crash on it, or on the network that it makes of it
   */
  public static LenientCfg read(String text, String fileName) {
    if (text.length() > Cfg.MAX_CHARS) {
      return new LenientCfg(text, List.of()); // The strict reader says it.
    }
    Reader reader = new Reader(fileName, text.split("\n", -1));
    for (int i = 0; i < reader.lines.length; i++) {
      reader.line(i);
    }
    reader.net();
    return new LenientCfg(String.join("\n", reader.lines), reader.warnings());
  }

  /** One file's translation, in place. */
  private static final class Reader {
    private final String fileName;
    private final String[] lines;
    private final List<String> warnings = new ArrayList<>();
    private int more;
    private String section = "";
    private int sections;

    /** Of the section that is being read: where each key stands first. */
    private final Map<String, Integer> first = new HashMap<>();

    /** Of [net]: each key's value, and where it stands. */
    private final Map<String, String> netValues = new HashMap<>();

    private final Map<String, Integer> netLines = new HashMap<>();

    Reader(String fileName, String[] lines) {
      this.fileName = fileName;
      this.lines = lines;
    }

    List<String> warnings() {
      if (more > 0) {
        warnings.add(fileName + ": and " + more + " lines more were read otherwise than written");
      }
      return warnings;
    }

    private void warn(int line, String what) {
      if (warnings.size() < WARNINGS_MAX) {
        warnings.add(fileName + ":" + (line + 1) + ": " + what);
      } else {
        more++;
      }
    }

    private void drop(int line, String why) {
      lines[line] = "";
      warn(line, why);
    }

    void line(int number) {
      if (lines[number].indexOf('\r') >= 0 && sections + warnings.size() == 0) {
        warn(number, "its lines end with carriage returns, which the original does not take");
      }
      String line = stripped(lines[number]);
      if (line.isEmpty() || line.charAt(0) == '#' || line.charAt(0) == ';') {
        lines[number] = "";
      } else if (line.charAt(0) == '[') {
        lines[number] = line;
        section = line.endsWith("]") ? line.substring(1, line.length() - 1) : line;
        section = Schema.name(section);
        sections++;
        first.clear();
      } else if (sections > 0 && !Schema.keys(section).isEmpty()) {
        option(number, line);
      }
    }

    private static String stripped(String raw) {
      return raw.replaceAll("[ \t\r]", "");
    }

    private void option(int number, String line) {
      int equals = line.indexOf('=');
      if (equals == line.length() - 1) {
        drop(number, "'" + Cfg.shown(line) + "' in [" + section + "] has no value and is left out");
        return;
      }
      String name = equals < 0 ? line : line.substring(0, equals);
      Key key = Schema.keys(section).get(name);
      Integer before = first.putIfAbsent(name, number);
      if (key == null) {
        String nearest = Nearest.suggestion(name, Schema.keys(section).keySet());
        drop(
            number,
            "unknown key '" + Cfg.shown(name) + "' in [" + section + "] is ignored" + nearest);
      } else if (before != null) {
        drop(
            number,
            "key '" + name + "' of [" + section + "] is ignored: line " + (before + 1) + " counts");
      } else if (equals < 0) {
        drop(number, "'" + name + "' in [" + section + "] has no value: its default counts");
      } else {
        lines[number] = name + "=" + value(number, key, line.substring(equals + 1));
        if (sections == 1) {
          netValues.put(name, lines[number].substring(name.length() + 1));
          netLines.put(name, number);
        }
      }
    }

    private static Optional<String> problem(Key key, String value) {
      try {
        key.normalise(value);
        return Optional.empty();
      } catch (IllegalArgumentException e) {
        return Optional.of(e.getMessage());
      }
    }

    private String value(int number, Key key, String written) {
      if (problem(key, written).isEmpty()) {
        return written;
      }
      String read = asTheOriginal(key, written);
      Optional<String> problem = problem(key, read);
      String what = "[" + section + "] " + key.name() + "=" + Cfg.shown(written);
      if (problem.isPresent()) {
        throw new CfgException(
            fileName,
            number + 1,
            what + " is read as " + Cfg.shown(read) + ", which " + problem.get());
      }
      warn(number, what + " is read as " + Cfg.shown(read));
      return read;
    }

    private static String asTheOriginal(Key key, String written) {
      return switch (key.kind()) {
        case INTEGER -> Integer.toString(CNumbers.atoi(written));
        case FLAG -> CNumbers.atoi(written) == 0 ? "0" : "1";
        case FLOAT -> Float.toString((float) CNumbers.atof(written));
        case WORD -> FALLBACKS.getOrDefault(key.name(), written);
        case INTEGERS, FLOATS -> {
          List<String> items = new ArrayList<>();
          for (String item : written.split(",", -1)) {
            items.add(
                key.kind() == Key.Kind.INTEGERS
                    ? Integer.toString(CNumbers.atoi(item))
                    : Float.toString((float) CNumbers.atof(item)));
          }
          yield String.join(",", items);
        }
        case TEXT -> written;
      };
    }

    /** What the keys of [net] mean together. */
    void net() {
      wholeSubBatches();
      imageOrInputs();
      asManyScalesAsSteps();
    }

    private int netInteger(String key, int otherwise) {
      String value = netValues.get(key);
      return value == null ? otherwise : CNumbers.atoi(value);
    }

    /** 10 images in 3 parts are 3 x 3 to the original: one is never seen. */
    private void wholeSubBatches() {
      int batch = netInteger("batch", 1);
      int subdivisions = netInteger("subdivisions", 1);
      if (subdivisions > 0 && batch > subdivisions && batch % subdivisions != 0) {
        int whole = batch / subdivisions * subdivisions;
        int line = netLines.get("batch");
        lines[line] = "batch=" + whole;
        warn(
            line,
            "[net] batch="
                + batch
                + " counts as "
                + whole
                + ": subdivisions="
                + subdivisions
                + " leaves the rest out");
      }
    }

    /** Sides of an image that are not all there count for nothing beside inputs. */
    private void imageOrInputs() {
      List<String> sides = List.of("height", "width", "channels");
      long image = 1;
      for (String side : sides) {
        image *= netInteger(side, 0);
      }
      if (image == 0 && netInteger("inputs", 0) > 0) {
        for (String side : sides) {
          if (netInteger(side, 0) != 0) {
            drop(netLines.get(side), "[net] " + side + " is ignored: inputs counts");
          }
        }
      }
    }

    private void asManyScalesAsSteps() {
      String steps = netValues.get("steps");
      String scales = netValues.get("scales");
      if (!"steps".equals(netValues.get("policy")) || steps == null || scales == null) {
        return;
      }
      int count = steps.split(",", -1).length;
      List<String> items = List.of(scales.split(",", -1));
      if (items.size() > count) {
        int line = netLines.get("scales");
        lines[line] = "scales=" + String.join(",", items.subList(0, count));
        warn(line, "[net] scales beyond the " + count + " steps are ignored");
      }
    }
  }
}
