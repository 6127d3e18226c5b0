package plinius.exchange.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.Shape;

/**
 * The order of the values in Darknet's .weights files (darknet parser.c save_weights_upto at
 * f6afaab): tensor by tensor, each in Darknet's order of its axes, which is another than the
 * network's. The enclave knows nothing of it.
 *
 * @param loading whether values go from the file to the network: some options say what it lacks
 * @param transposed whether connected matrices are stored as (inputs, outputs), as some old
 *     versions did
 */
record WeightsOrder(Network network, boolean loading, boolean transposed) {
  /**
   * A tensor in the file.
   *
   * @param block that its values lie in, in the network
   * @param count how many the file has
   * @param place from a value's number in the file to its place in the block
   */
  @SuppressWarnings("ArrayRecordComponent") // a view
  record Run(float[] block, int count, IntUnaryOperator place) {}

  /** What a file has of a layer, in its order. */
  List<Run> runs(Layer layer) {
    Map<String, List<NamedTensor>> parts = new LinkedHashMap<>(); // the layer, or those within it
    for (NamedTensor tensor : network.state()) {
      boolean saved =
          switch (tensor.role()) {
            case PARAMETER, STATISTIC -> true;
            case OPTIMIZER, STATE -> false;
          };
      if (saved && tensor.name().startsWith(layer.index() + ".")) {
        String part = tensor.name().substring(0, tensor.name().lastIndexOf('.'));
        parts.computeIfAbsent(part, _ -> new ArrayList<>()).add(tensor);
      }
    }
    List<Run> runs = new ArrayList<>();
    for (List<NamedTensor> tensors : parts.values()) {
      if (tensors.getLast().shape().length == 2) {
        tensors.add(1, tensors.removeLast()); // connected: the weights before scales and statistics
      }
      tensors.stream().filter(t -> has(layer, t)).forEach(t -> runs.add(run(layer, t)));
    }
    return runs;
  }

  private boolean has(Layer layer, NamedTensor tensor) {
    if (layer.section().type().equals("batchnorm")) {
      return !tensor.name().endsWith(".biases");
    }
    boolean without = loading && own(tensor) && layer.section().flag("dontloadscales");
    return !without || tensor.name().endsWith(".biases") || tensor.name().endsWith(".weights");
  }

  /** Whether it is no layer's within another, which a section's options do not reach. */
  private static boolean own(NamedTensor tensor) {
    return tensor.name().chars().filter(c -> c == '.').count() == 2;
  }

  private Run run(Layer layer, NamedTensor tensor) {
    int[] shape = tensor.shape();
    boolean convolutional = layer.section().type().equals("convolutional");
    boolean flipped = loading && convolutional && layer.section().flag("flipped");
    int filters = shape[shape.length - 1];
    int asked = loading && convolutional ? layer.section().integer("numload") : 0;
    int some = asked > 0 ? asked : filters;
    IntUnaryOperator order =
        switch (shape.length) {
          case 1 -> i -> i;
          case 2 -> connected(input(layer, tensor), filters);
          case 3 -> new Shape(shape[0], shape[1], shape[2], true)::place;
          default -> convolution(shape, flipped, some);
        };
    int count = tensor.count() / filters * some;
    return new Run(tensor.block(), count, i -> tensor.offset() + order.applyAsInt(i));
  }

  /** What a matrix is multiplied with: what the layer reads, or the state of a recurrent one. */
  private Shape input(Layer layer, NamedTensor tensor) {
    String[] words = tensor.name().split("\\.", -1);
    if (!own(tensor) && !words[2].startsWith("u") && !words[2].equals("input_layer")) {
      return Shape.flat(tensor.shape()[0]);
    }
    return layer.index() == 0
        ? new Shape(network.height(), network.width(), network.channels(), true)
        : network.layers().get(layer.index() - 1).out();
  }

  /** From (outputs, inputs) with an image in (c, h, w) order to (inputs, outputs). */
  private IntUnaryOperator connected(Shape in, int outputs) {
    int inputs = in.count();
    return transposed
        ? i -> in.place(i / outputs) * outputs + i % outputs
        : i -> in.place(i % inputs) * outputs + i / inputs;
  }

  /**
   * From (filters, channels, size, size), or with flipped=1 (channels, size, size, filters), to
   * (size, size, channels, filters); for each place of a local layer.
   *
   * @param some of the filters, in the file
   */
  private static IntUnaryOperator convolution(int[] shape, boolean flipped, int some) {
    int axes = shape.length;
    int filters = shape[axes - 1];
    int channels = shape[axes - 2];
    int taps = shape[axes - 3] * shape[axes - 4];
    int perFilter = taps * channels;
    int perPlace = perFilter * filters;
    return i -> {
      int filter = flipped ? i % some : i % perPlace / perFilter;
      int j = flipped ? i / some : i % perFilter;
      int number = i / perPlace * perFilter + j % taps * channels + j / taps;
      return number * filters + filter;
    };
  }
}
