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
public final class Schema {
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
  public static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("network", "net"),
          Map.entry("conv", "convolutional"),
          Map.entry("conn", "connected"),
          Map.entry("max", "maxpool"),
          Map.entry("avg", "avgpool"),
          Map.entry("soft", "softmax"),
          Map.entry("deconv", "deconvolutional"),
          Map.entry("lrn", "normalization"));

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
          integers("steps", Integer.MIN_VALUE, Integer.MAX_VALUE),
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
          decimal("max_ratio", 0),
          decimal("min_ratio", 0),
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
    layer(
        sections,
        "deconvolutional",
        integer("filters", 1, 1, LARGE),
        integer("size", 1, 1, 1024),
        integer("stride", 1, 1, 1024),
        flag("pad"),
        integer("padding", 0, 0, 1024),
        flag("batch_normalize"),
        word("activation", "logistic", ACTIVATIONS));
    layer(
        sections,
        "local",
        integer("filters", 1, 1, LARGE),
        integer("size", 1, 1, 1024),
        integer("stride", 1, 1, 1024),
        integer("pad", 0, 0, 1024),
        word("activation", "logistic", ACTIVATIONS));
    layer(
        sections,
        "normalization",
        integer("size", 5, 1, 1 << 16),
        decimal("alpha", .0001),
        decimal("beta", .75),
        decimal("kappa", 1));
    layer(sections, "l2norm");
    layer(sections, "logistic");
    layer(
        sections,
        "crop",
        integer("crop_height", 1, 1, LARGE),
        integer("crop_width", 1, 1, LARGE),
        flag("flip"),
        flag("noadjust"),
        decimal("angle", 0),
        decimal("saturation", 1),
        decimal("exposure", 1),
        decimal("shift", 0));
    layer(sections, "route", integers("layers", -LARGE, LARGE));
    layer(
        sections,
        "shortcut",
        integer("from", 0, -LARGE, LARGE),
        word("activation", "linear", ACTIVATIONS),
        decimal("alpha", 1),
        decimal("beta", 1));
    layer(
        sections,
        "reorg",
        integer("stride", 1, 1, 1024),
        flag("reverse"),
        flag("flatten"),
        integer("extra", 0, 0, 1 << 28));
    layer(sections, "upsample", integer("stride", 2, -1024, 1024), decimal("scale", 1));
    recurrent(sections);
    detecting(sections);
    layer(sections, "activation", word("activation", "linear", ACTIVATIONS));
    return sections;
  }

  private static void recurrent(Map<String, Map<String, Key>> sections) {
    layer(
        sections,
        "rnn",
        integer("output", 1, 1, LARGE),
        flag("batch_normalize"),
        word("activation", "logistic", ACTIVATIONS),
        flag("shortcut"));
    layer(
        sections,
        "crnn",
        integer("hidden_filters", 1, 1, LARGE),
        integer("output_filters", 1, 1, LARGE),
        flag("batch_normalize"),
        word("activation", "logistic", ACTIVATIONS),
        flag("shortcut"));
    layer(sections, "gru", integer("output", 1, 1, LARGE), flag("batch_normalize"), flag("tanh"));
    layer(sections, "lstm", integer("output", 1, 1, LARGE), flag("batch_normalize"));
  }

  private static void detecting(Map<String, Map<String, Key>> sections) {
    layer(
        sections,
        "region",
        integer("coords", 4, 4, LARGE),
        integer("classes", 20, 1, LARGE),
        integer("num", 1, 1, 1024),
        decimals("anchors"),
        flag("softmax"),
        flag("background"),
        flag("bias_match"),
        flag("rescore"),
        decimal("thresh", .5),
        decimal("coord_scale", 1),
        decimal("object_scale", 1),
        decimal("noobject_scale", 1),
        decimal("mask_scale", 1),
        decimal("class_scale", 1),
        text("tree"),
        text("map"),
        integer("max", 30, 1, LARGE),
        decimal("jitter", .2),
        flag("random"),
        flag("classfix"),
        flag("absolute"),
        flag("log"),
        flag("sqrt"));
    layer(
        sections,
        "yolo",
        integer("classes", 20, 1, LARGE),
        integer("num", 1, 1, 1024),
        integers("mask", 0, 1023),
        decimals("anchors"),
        integer("max", 90, 1, 90),
        decimal("ignore_thresh", .5),
        decimal("truth_thresh", 1),
        text("map"),
        decimal("jitter", .2),
        flag("random"));
    layer(
        sections,
        "detection",
        integer("side", 7, 1, 1024),
        integer("num", 1, 1, 1024),
        integer("coords", 1, 1, LARGE),
        integer("classes", 1, 1, LARGE),
        flag("softmax"),
        flag("sqrt"),
        flag("rescore"),
        flag("forced"),
        flag("random"),
        flag("reorg"),
        decimal("coord_scale", 1),
        decimal("object_scale", 1),
        decimal("noobject_scale", 1),
        decimal("class_scale", 1),
        integer("max", 90, 1, LARGE),
        decimal("jitter", .2));
    layer(sections, "iseg", integer("classes", 20, 1, LARGE), integer("ids", 32, 0, LARGE));
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
  public static Map<String, Key> keys(String section) {
    return SECTIONS.getOrDefault(section, Map.of());
  }

  /** The names of all sections, the net's first. */
  public static List<String> sectionNames() {
    return List.copyOf(SECTIONS.keySet());
  }
}
