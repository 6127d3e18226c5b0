package plinius.darknet.layer;

import java.util.LinkedHashMap;
import java.util.Map;

/** What tests look at within layers, and nobody else. */
public final class Inside {
  private Inside() {}

  /** The mean and the variance of a normalisation's last training batch. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Statistics(float[] mean, float[] variance) {}

  /** (batch, out), each value's own loss, where the layer has such; else empty. */
  public static float[] losses(Layer layer) {
    return layer instanceof ComparingLayer comparing ? comparing.losses : Pass.NOTHING;
  }

  /** (batch, outH, outW, c): where in the image's (h, w, c) each maximum of the last pass lies. */
  public static int[] indexes(MaxpoolLayer layer) {
    return layer.indexes;
  }

  /** Batch statistics by the names of the layers in this one ("" = its own), if it normalises. */
  public static Map<String, Statistics> statistics(Layer layer) {
    Map<String, Statistics> found = new LinkedHashMap<>();
    switch (layer) {
      case RecurrentLayer recurrent ->
          recurrent
              .parts()
              .forEach(
                  part -> {
                    String name = part.site.name();
                    add(found, name.substring(name.lastIndexOf('.') + 1), part.biases);
                  });
      case WeightedLayer weighted -> add(found, "", weighted.biases);
      case BatchnormLayer batchnorm -> add(found, "", batchnorm.normalization);
      default -> {}
    }
    return found;
  }

  private static void add(Map<String, Statistics> found, String name, Biases biases) {
    if (biases instanceof BatchNormalization normalization) {
      int last = normalization.steps - 1;
      found.put(name, new Statistics(normalization.means[last], normalization.variances[last]));
    }
  }
}
