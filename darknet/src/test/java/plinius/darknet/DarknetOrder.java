package plinius.darknet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.NamedTensor.Role;
import plinius.darknet.layer.Shape;

/**
 * A network's tensors by the names and in the orders that the original has them in: the vectors'
 * own reading of what the product's module exchange knows with all options and versions.
 */
final class DarknetOrder {
  private DarknetOrder() {}

  /** The tensors of a .weights file, one after the other. */
  static List<NamedTensor> file(Network net) {
    List<NamedTensor> file = new ArrayList<>();
    for (Layer layer : net.layers()) {
      Map<String, List<NamedTensor>> parts = new LinkedHashMap<>();
      for (NamedTensor tensor : net.state()) {
        boolean saved = tensor.role() == Role.PARAMETER || tensor.role() == Role.STATISTIC;
        boolean skipped = tensor.name().endsWith(".batchnorm.biases");
        if (saved && !skipped && tensor.name().startsWith(layer.index() + ".")) {
          String part = tensor.name().substring(0, tensor.name().lastIndexOf('.'));
          parts.computeIfAbsent(part, _ -> new ArrayList<>()).add(tensor);
        }
      }
      for (List<NamedTensor> tensors : parts.values()) {
        if (tensors.getLast().shape().length == 2) { // connected
          tensors.add(1, tensors.removeLast());
        }
        file.addAll(tensors);
      }
    }
    return file;
  }

  /** From a value's number in a tensor of the original to its place in the block. */
  static IntUnaryOperator places(Network net, NamedTensor tensor) {
    int[] shape = tensor.shape();
    int axes = shape.length;
    int filters = shape[axes - 1];
    IntUnaryOperator order =
        switch (axes) {
          case 1 -> i -> i;
          case 2 -> {
            Shape in = input(net, tensor);
            yield i -> in.place(i % shape[0]) * filters + i / shape[0];
          }
          case 3 -> new Shape(shape[0], shape[1], filters, true)::place;
          default -> { // (places,) size, size, channels, filters
            int taps = shape[axes - 4] * shape[axes - 3];
            int perFilter = taps * shape[axes - 2];
            yield i -> {
              int filter = i / perFilter % filters;
              int j = i % perFilter;
              int number = i / perFilter / filters * perFilter;
              return (number + j % taps * shape[axes - 2] + j / taps) * filters + filter;
            };
          }
        };
    return i -> tensor.offset() + order.applyAsInt(i);
  }

  private static Shape input(Network net, NamedTensor matrix) {
    String[] words = matrix.name().split("\\.", -1);
    int layer = Integer.parseInt(words[0]);
    if (words.length == 4 && !words[2].startsWith("u") && !words[2].equals("input_layer")) {
      return Shape.flat(matrix.shape()[0]);
    }
    return layer == 0
        ? new Shape(net.height(), net.width(), net.channels(), true)
        : net.layers().get(layer - 1).out();
  }

  /** "weights.0", "bias_updates.2.input_layer" and so on: values in the original's order. */
  static Map<String, float[]> tensors(Network net) {
    Map<String, float[]> found = new LinkedHashMap<>();
    for (NamedTensor tensor : net.state()) {
      float[] values = new float[tensor.count()];
      IntUnaryOperator places = places(net, tensor);
      for (int i = 0; i < values.length; i++) {
        values[i] = tensor.block()[places.applyAsInt(i)];
      }
      found.put(theirName(tensor.name()), values);
    }
    return found;
  }

  private static String theirName(String name) {
    String[] parts = name.split("\\.", -1);
    String tensor = parts[parts.length - 1];
    return tensor + "." + parts[0] + (parts.length == 4 ? "." + parts[2] : "");
  }
}
