package plinius.darknet.cfg;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One section of a configuration: the net's, or a layer's. Values are normalised and within their
 * limits; keys that the file does not have answer with Darknet's default.
 */
public final class Section {
  private final String file;
  private final String type;
  private final int line;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /** A value, and the line it stands in (0 = given from outside the file). */
  record Entry(String value, int line) {}

  Section(String file, String type, int line) {
    this.file = file;
    this.type = type;
    this.line = line;
  }

  /** The section's one name, such as "convolutional" for [conv]. */
  public String type() {
    return type;
  }

  /** Whether the file, or an override, gives this key. */
  public boolean has(String key) {
    return entries.containsKey(key);
  }

  /** A whole number. */
  public int integer(String key) {
    return Integer.parseInt(word(key));
  }

  /** A number, rounded to binary32 as the original does. */
  public float decimal(String key) {
    return Float.parseFloat(word(key));
  }

  /** A key that is 0 or 1. */
  public boolean flag(String key) {
    return word(key).equals("1");
  }

  /** A list of whole numbers; empty if the key is not given. */
  public int[] integers(String key) {
    return Arrays.stream(items(key)).mapToInt(Integer::parseInt).toArray();
  }

  /** A list of numbers; empty if the key is not given. */
  public float[] decimals(String key) {
    String[] items = items(key);
    float[] values = new float[items.length];
    for (int i = 0; i < items.length; i++) {
      values[i] = Float.parseFloat(items[i]);
    }
    return values;
  }

  /** A refusal of this key's value, with its place. */
  public CfgException refuse(String key, String reason) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return new CfgException(file, line, "[%s]: %s %s".formatted(type, key, reason));
    }
    String where = entry.line() == 0 ? "--set" : file;
    String what = "[%s] %s=%s %s".formatted(type, key, entry.value(), reason);
    return new CfgException(where, entry.line(), what);
  }

  /** A refusal of the section as a whole, with its place. */
  public CfgException refuse(String reason) {
    return new CfgException(file, line, "[" + type + "] " + reason);
  }

  Map<String, Entry> entries() {
    return entries;
  }

  private String[] items(String key) {
    String value = word(key);
    return value.isEmpty() ? new String[0] : value.split(",");
  }

  /** A word out of the known ones, or a text; of other keys the value as it is written. */
  public String word(String key) {
    Entry entry = entries.get(key);
    if (entry != null) {
      return entry.value();
    }
    return requireNonNull(Schema.keys(type).get(key), key).byDefault();
  }

  /**
   * The section in its one normal spelling: keys in the schema's order, without those that say what
   * is the default anyway.
   */
  String canonical() {
    StringBuilder text = new StringBuilder("[" + type + "]\n");
    for (Key key : Schema.keys(type).values()) {
      String value = word(key.name());
      if (!value.equals(key.byDefault())) {
        text.append(key.name()).append('=').append(value).append('\n');
      }
    }
    return text.toString();
  }
}
