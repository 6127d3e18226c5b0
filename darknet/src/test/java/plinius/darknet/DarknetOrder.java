package plinius.darknet;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import plinius.darknet.layer.Layer;
import plinius.darknet.weights.WeightsCursor;

/** A network's tensors by the names and in the orders that the original has them in. */
final class DarknetOrder {
  private DarknetOrder() {}

  interface Transfer {
    void transfer(float[] block, int count, IntUnaryOperator place);
  }

  static void transfer(Network net, boolean loading, Transfer each) {
    WeightsCursor cursor =
        new WeightsCursor() {
          @Override
          public boolean loading() {
            return loading;
          }

          @Override
          public boolean transposed() {
            return false;
          }

          @Override
          public void transfer(float[] block, int count, IntUnaryOperator place) {
            each.transfer(block, count, place);
          }
        };
    for (Layer layer : net.layers()) {
      layer.transfer(cursor);
    }
  }

  /** The tensor that a place of the block belongs to. */
  static NamedTensor tensor(Network net, int place) {
    return net.state().stream()
        .filter(t -> place >= t.offset() && place < t.offset() + t.count())
        .findFirst()
        .orElseThrow();
  }

  /** "weights.0", "bias_updates.2.input_layer" and so on: values in the original's order. */
  static Map<String, float[]> tensors(Network net) {
    Map<String, int[]> orders = new LinkedHashMap<>();
    transfer(
        net,
        false,
        (block, count, place) -> {
          NamedTensor tensor = tensor(net, place.applyAsInt(0));
          int[] order = new int[count];
          Arrays.setAll(order, i -> place.applyAsInt(i) - tensor.offset());
          orders.put(tensor.name(), order);
        });
    Map<String, float[]> found = new LinkedHashMap<>();
    for (NamedTensor tensor : net.state()) {
      int[] order = orders.get(parameter(tensor.name()));
      float[] values = new float[tensor.count()];
      for (int i = 0; i < values.length; i++) {
        values[i] = tensor.block()[tensor.offset() + (order == null ? i : order[i])];
      }
      found.put(theirName(tensor.name()), values);
    }
    return found;
  }

  /** The parameter that updates belong to. */
  static String parameter(String name) {
    return name.replace("weight_updates", "weights")
        .replace("bias_updates", "biases")
        .replace("scale_updates", "scales");
  }

  private static String theirName(String name) {
    String[] parts = name.split("\\.", -1);
    String tensor = parts[parts.length - 1];
    return tensor + "." + parts[0] + (parts.length == 4 ? "." + parts[2] : "");
  }
}
