package plinius.darknet.layer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * The connected layers of a gated recurrent layer by their names in the original: those that begin
 * with w see the state, those with u the input. All are linear; their sums are activated by the
 * layer.
 */
final class Gates {
  private final Map<String, ConnectedLayer> layers = new LinkedHashMap<>();
  private final int outputs;

  /**
   * Makes the layers.
   *
   * @param names in the order of the .weights format
   */
  Gates(LayerCommon common, Section section, Shape in, List<String> names, Storage storage) {
    outputs = section.integer("output");
    for (String name : names) {
      Shape from = name.startsWith("w") ? Shape.flat(outputs) : in;
      layers.put(
          name,
          new ConnectedLayer(
              common.part(layers.size() + 1, name, 1),
              section,
              from,
              outputs,
              "linear",
              WeightedLayer.normalized(section),
              storage));
    }
  }

  /** Runs one layer over one step. */
  void forward(String name, Pass step, float[] input) {
    step.at(input, Pass.NOTHING);
    layers.get(name).forward(step);
  }

  /** gate[at, at + size) = activation of the two layers' sum. */
  void sum(String gate, Activation activation, float[] values, int at, int size) {
    float[] w = layers.get("w" + gate).output();
    float[] u = layers.get("u" + gate).output();
    for (int i = at; i < at + size; i++) {
      values[i] = activation.apply(u[i] + w[i]);
    }
  }

  /** Where the delta of a gate's sum goes, before {@link #backward}: to its layer u. */
  float[] delta(String gate) {
    return layers.get("u" + gate).delta();
  }

  /** Takes the delta of a gate's sum back: to its state with w, or to its input with u. */
  void backward(String name, Pass step, float[] input, float[] inputDelta) {
    step.at(input, inputDelta);
    layers.get(name).backward(step);
  }

  /** Gives layer w the same delta as layer u; before either folds it. */
  void share(String gate, int at, int size) {
    System.arraycopy(delta(gate), at, layers.get("w" + gate).delta(), at, size);
  }

  void update(Pass pass, Step step) {
    layers.values().forEach(layer -> layer.update(pass, step));
  }

  void initialise(CounterRandom random) {
    layers.values().forEach(layer -> layer.initialise(random));
  }

  void transfer(WeightsCursor cursor) {
    layers.values().forEach(layer -> layer.transfer(cursor));
  }

  Map<String, BatchNormalization> normalizations() {
    return normalizations(layers.values().toArray(WeightedLayer[]::new));
  }

  /** By the last parts of the layers' names. */
  static Map<String, BatchNormalization> normalizations(WeightedLayer... layers) {
    Map<String, BatchNormalization> found = new LinkedHashMap<>();
    for (WeightedLayer layer : layers) {
      String name = layer.common().name();
      layer.normalization.ifPresent(n -> found.put(name.substring(name.lastIndexOf('.') + 1), n));
    }
    return found;
  }
}
