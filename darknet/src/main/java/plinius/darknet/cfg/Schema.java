package plinius.darknet.cfg;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every section and key that is known, with Darknet's defaults (darknet parser.c at f6afaab). Keys
 * in the order in which the canonical text has them.
 */
public final class Schema {
  /**
   * Each section with its other spellings, and its keys as {@link Key#of} reads them; [*] are those
   * of every layer. Beyond 1 Mi an edge of an image, a count of channels or a batch is a mistake,
   * not a network. The defaults of maxpool's size and padding, -1, stand for what depends on other
   * keys.
   */
  private static final String NOTATION =
      """
      [net|network] batch:1..1Mi=1 subdivisions:1..1Mi=1 time_steps:1..1Mi=1 height:0..1Mi=0
        width:0..1Mi=0 channels:0..1Mi=0 inputs:0..256Mi=0 learning_rate:float=.001
        momentum:float=.9 decay:float=.0001
        policy:constant|step|steps|exp|poly|random|sigmoid=constant burn_in:0..2147483647=0
        power:float=4 step:1..2147483647=1 scale:float=1 steps:-2048Mi..2147483647[] scales:float[]
        gamma:float=1 max_batches:0..2147483647=0 notruth:flag random:flag adam:flag B1:float=.9
        B2:float=.999 eps:float=1e-7 clip:float=0 max_crop:0..1Mi=0 min_crop:0..1Mi=0
        max_ratio:float=0 min_ratio:float=0 center:flag angle:float=0 aspect:float=1
        saturation:float=1 exposure:float=1 hue:float=0

      [convolutional|conv] filters:1..1Mi=1 size:1..1024=1 stride:1..1024=1 pad:flag
        padding:0..1024=0 groups:1..1Mi=1 batch_normalize:flag activation:ACTIVATION=logistic
        binary:flag xnor:flag flipped:flag dot:float=0
      [connected|conn] output:1..256Mi=1 batch_normalize:flag activation:ACTIVATION=logistic
      [maxpool|max] size:1..1024=-1 stride:1..1024=1 padding:0..2048=-1
      [avgpool|avg]
      [dropout] probability:0f..0.99999994f=.5
      [softmax|soft] groups:1..1Mi=1 temperature:1.4e-45f..3.4028235e38f=1 spatial:flag noloss:flag
        tree:text
      [cost] type:sse|masked|L1|smooth|seg|wgan=sse scale:float=1 ratio:float=0 noobj:float=1
        thresh:float=0
      [batchnorm]
      [deconvolutional|deconv] filters:1..1Mi=1 size:1..1024=1 stride:1..1024=1 pad:flag
        padding:0..1024=0 batch_normalize:flag activation:ACTIVATION=logistic
      [local] filters:1..1Mi=1 size:1..1024=1 stride:1..1024=1 pad:0..1024=0
        activation:ACTIVATION=logistic
      [normalization|lrn] size:1..65536=5 alpha:float=.0001 beta:float=.75 kappa:float=1
      [l2norm]
      [logistic]
      [crop] crop_height:1..1Mi=1 crop_width:1..1Mi=1 flip:flag noadjust:flag angle:float=0
        saturation:float=1 exposure:float=1 shift:float=0
      [route] layers:-1Mi..1Mi[]
      [shortcut] from:-1Mi..1Mi=0 activation:ACTIVATION=linear alpha:float=1 beta:float=1
      [reorg] stride:1..1024=1 reverse:flag flatten:flag extra:0..256Mi=0
      [upsample] stride:-1024..1024=2 scale:float=1

      [rnn] output:1..1Mi=1 batch_normalize:flag activation:ACTIVATION=logistic shortcut:flag
      [crnn] hidden_filters:1..1Mi=1 output_filters:1..1Mi=1 batch_normalize:flag
        activation:ACTIVATION=logistic shortcut:flag
      [gru] output:1..1Mi=1 batch_normalize:flag tanh:flag
      [lstm] output:1..1Mi=1 batch_normalize:flag

      [region] coords:4..1Mi=4 classes:1..1Mi=20 num:1..1024=1 anchors:float[] softmax:flag
        background:flag bias_match:flag rescore:flag thresh:float=.5 coord_scale:float=1
        object_scale:float=1 noobject_scale:float=1 mask_scale:float=1 class_scale:float=1 tree:text
        map:text max:1..1Mi=30 jitter:float=.2 random:flag classfix:flag absolute:flag log:flag
        sqrt:flag
      [yolo] classes:1..1Mi=20 num:1..1024=1 mask:0..1023[] anchors:float[] max:1..90=90
        ignore_thresh:float=.5 truth_thresh:float=1 map:text jitter:float=.2 random:flag
      [detection] side:1..1024=7 num:1..1024=1 coords:1..1Mi=1 classes:1..1Mi=1 softmax:flag
        sqrt:flag rescore:flag forced:flag random:flag reorg:flag coord_scale:float=1
        object_scale:float=1 noobject_scale:float=1 class_scale:float=1 max:1..1Mi=90
        jitter:float=.2
      [iseg] classes:1..1Mi=20 ids:0..1Mi=32
      [activation] activation:ACTIVATION=linear

      [*] truth:flag onlyforward:flag stopbackward:flag dontsave:flag dontload:flag numload:0..1Mi=0
        dontloadscales:flag learning_rate:float=1 smooth:float=0
      """
          .replace(
              "ACTIVATION", // in the order of darknet activations.h
              "logistic|relu|relie|linear|ramp|tanh|plse|leaky|elu|loggy|stair|hardtan|lhtan|selu");

  private static final Map<String, Map<String, Key>> SECTIONS = new LinkedHashMap<>();
  private static final Map<String, String> NAMES = new HashMap<>();

  static {
    Map<String, Key> keys = Map.of();
    for (String word : NOTATION.split("\\s+", -1)) {
      if (word.startsWith("[")) {
        List<String> names = List.of(word.substring(1, word.length() - 1).split("\\|", -1));
        names.forEach(name -> NAMES.put(name, names.getFirst()));
        keys = new LinkedHashMap<>();
        SECTIONS.put(names.getFirst(), keys);
      } else if (!word.isEmpty()) {
        Key key = Key.of(word);
        keys.put(key.name(), key);
      }
    }
    SECTIONS.remove("*");
    for (String layer : SECTIONS.keySet()) {
      if (!layer.equals("net")) {
        SECTIONS.get(layer).putAll(keys);
      }
    }
  }

  private Schema() {}

  /** The one name of a section that may be spelt otherwise, such as "convolutional" for "conv". */
  public static String name(String section) {
    return NAMES.getOrDefault(section, section);
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
