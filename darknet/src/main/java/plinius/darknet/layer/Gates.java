package plinius.darknet.layer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import plinius.kernel.Activation;

/**
 * The connected layers of a gated recurrent layer by their names in the original: those that begin
 * with w see the state, those with u the input. All are linear; their sums are activated by the
 * layer.
 */
final class Gates {
  private final Map<String, ConnectedLayer> layers = new LinkedHashMap<>();

  /** Makes the layers of these names, in the order of the .weights format. */
  Gates(Site site, String... names) {
    int outputs = site.section().integer("output");
    for (String name : names) {
      Shape from = name.startsWith("w") ? Shape.flat(outputs) : site.in();
      Site part = site.part(layers.size() + 1, name, 1, from);
      layers.put(name, new ConnectedLayer(part, outputs, Activation.LINEAR));
    }
  }

  /** Runs both layers of a gate over one step. */
  void forward(String gate, Pass step, float[] state, float[] input) {
    RecurrentLayer.forward(layers.get("w" + gate), step, state);
    RecurrentLayer.forward(layers.get("u" + gate), step, input);
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

  /** Gives layer w the same delta as layer u; before {@link #backward}, where either folds it. */
  void share(String gate, int at, int size) {
    System.arraycopy(delta(gate), at, layers.get("w" + gate).delta(), at, size);
  }

  /** Takes the delta of a gate's sum back: to its state with w, then to its input with u. */
  void backward(
      String gate,
      Pass step,
      float[] state,
      float[] stateDelta,
      float[] input,
      float[] inputDelta) {
    RecurrentLayer.backward(layers.get("w" + gate), step, state, stateDelta);
    RecurrentLayer.backward(layers.get("u" + gate), step, input, inputDelta);
  }

  /** In the order of the .weights format. */
  List<ConnectedLayer> parts() {
    return List.copyOf(layers.values());
  }
}
