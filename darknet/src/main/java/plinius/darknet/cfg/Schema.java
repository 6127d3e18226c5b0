package plinius.darknet.cfg;

import static plinius.darknet.cfg.Key.decimal;
import static plinius.darknet.cfg.Key.decimals;
import static plinius.darknet.cfg.Key.flag;
import static plinius.darknet.cfg.Key.integer;
import static plinius.darknet.cfg.Key.integers;
import static plinius.darknet.cfg.Key.text;
import static plinius.darknet.cfg.Key.word;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every section and key that is known, with Darknet's defaults (darknet parser.c at f6afaab). Keys
 * in the order in which the canonical text has them.
 */
final class Schema {
  /** Names in the order of darknet activations.h. */
  static final List<String> ACTIVATIONS =
      List.of(
          "logistic",
          "relu",
          "relie",
          "linear",
          "ramp",
          "tanh",
          "plse",
          "leaky",
          "elu",
          "loggy",
          "stair",
          "hardtan",
          "lhtan",
          "selu");

  static final List<String> POLICIES =
      List.of("constant", "step", "steps", "exp", "poly", "random", "sigmoid");

  static final List<String> COST_TYPES = List.of("sse", "masked", "L1", "smooth", "seg", "wgan");

  /** Other spellings of a section's name. */
  static final Map<String, String> ALIASES =
      Map.of(
          "network", "net",
          "conv", "convolutional",
          "conn", "connected",
          "max", "maxpool",
          "avg", "avgpool",
          "soft", "softmax");

  /** Layers that the original has and this version has not. */
  static final List<String> UNAVAILABLE =
      List.of(
          "crnn",
          "crop",
          "deconv",
          "deconvolutional",
          "detection",
          "gru",
          "iseg",
          "l2norm",
          "local",
          "logistic",
          "lrn",
          "lstm",
          "normalization",
          "region",
          "reorg",
          "rnn",
          "route",
          "shortcut",
          "upsample",
          "yolo");

  /**
   * Beyond this an edge of an image, a count of channels or a batch is a mistake, not a network.
   */
  private static final long LARGE = 1 << 20;

  private static final List<Key> NET =
      List.of(
          integer("batch", 1, 1, LARGE),
          integer("subdivisions", 1, 1, LARGE),
          integer("time_steps", 1, 1, LARGE),
          integer("height", 0, 0, LARGE),
          integer("width", 0, 0, LARGE),
          integer("channels", 0, 0, LARGE),
          integer("inputs", 0, 0, 1 << 28),
          decimal("learning_rate", .001),
          decimal("momentum", .9),
          decimal("decay", .0001),
          word("policy", "constant", POLICIES),
          integer("burn_in", 0, 0, Integer.MAX_VALUE),
          decimal("power", 4),
          integer("step", 1, 1, Integer.MAX_VALUE),
          decimal("scale", 1),
          integers("steps", 0, Integer.MAX_VALUE),
          decimals("scales"),
          decimal("gamma", 1),
          integer("max_batches", 0, 0, Integer.MAX_VALUE),
          flag("notruth"),
          flag("random"),
          flag("adam"),
          decimal("B1", .9),
          decimal("B2", .999),
          decimal("eps", 1e-7),
          decimal("clip", 0),
          integer("max_crop", 0, 0, LARGE),
          integer("min_crop", 0, 0, LARGE),
          decimal("max_ratio", 1),
          decimal("min_ratio", 1),
          flag("center"),
          decimal("angle", 0),
          decimal("aspect", 1),
          decimal("saturation", 1),
          decimal("exposure", 1),
          decimal("hue", 0));

  /** What every layer understands. */
  private static final List<Key> COMMON =
      List.of(
          flag("truth"),
          flag("onlyforward"),
          flag("stopbackward"),
          flag("dontsave"),
          flag("dontload"),
          integer("numload", 0, 0, LARGE),
          flag("dontloadscales"),
          decimal("learning_rate", 1),
          decimal("smooth", 0));

  private static final Map<String, Map<String, Key>> SECTIONS = sections();

  private Schema() {}

  private static Map<String, Map<String, Key>> sections() {
    Map<String, Map<String, Key>> sections = new LinkedHashMap<>();
    sections.put("net", named(NET));
    layer(
        sections,
        "convolutional",
        integer("filters", 1, 1, LARGE),
        integer("size", 1, 1, 1024),
        integer("stride", 1, 1, 1024),
        flag("pad"),
        integer("padding", 0, 0, 1024),
        integer("groups", 1, 1, LARGE),
        flag("batch_normalize"),
        word("activation", "logistic", ACTIVATIONS),
        flag("binary"),
        flag("xnor"),
        flag("flipped"),
        decimal("dot", 0));
    layer(
        sections,
        "connected",
        integer("output", 1, 1, 1 << 28),
        flag("batch_normalize"),
        word("activation", "logistic", ACTIVATIONS));
    // Their defaults depend on other keys: size on stride, padding on size. -1 = not given.
    layer(
        sections,
        "maxpool",
        integer("size", -1, 1, 1024),
        integer("stride", 1, 1, 1024),
        integer("padding", -1, 0, 2048));
    layer(sections, "avgpool");
    layer(sections, "dropout", decimal("probability", .5, 0, Math.nextDown(1f)));
    layer(
        sections,
        "softmax",
        integer("groups", 1, 1, LARGE),
        decimal("temperature", 1, Float.MIN_VALUE, Float.MAX_VALUE),
        flag("spatial"),
        flag("noloss"),
        text("tree"));
    layer(
        sections,
        "cost",
        word("type", "sse", COST_TYPES),
        decimal("scale", 1),
        decimal("ratio", 0),
        decimal("noobj", 1),
        decimal("thresh", 0));
    layer(sections, "batchnorm");
    layer(sections, "activation", word("activation", "linear", ACTIVATIONS));
    return sections;
  }

  private static void layer(Map<String, Map<String, Key>> sections, String name, Key... own) {
    List<Key> keys = new ArrayList<>(List.of(own));
    keys.addAll(COMMON);
    sections.put(name, named(keys));
  }

  private static Map<String, Key> named(List<Key> keys) {
    Map<String, Key> byName = new LinkedHashMap<>();
    for (Key key : keys) {
      byName.put(key.name(), key);
    }
    return byName;
  }

  /** The keys of a section by name, in canonical order; none if the section is unknown. */
  static Map<String, Key> keys(String section) {
    return SECTIONS.getOrDefault(section, Map.of());
  }

  /** The names of all sections, the net's first. */
  static List<String> sectionNames() {
    return List.copyOf(SECTIONS.keySet());
  }
}
