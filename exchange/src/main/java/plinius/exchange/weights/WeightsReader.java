package plinius.exchange.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;
import plinius.exchange.weights.WeightsOrder.Run;

/**
 * Reads Darknet's .weights files (darknet parser.c load_weights_upto at f6afaab): little endian, a
 * header, then the layers' values in order, without names or padding. The original does not notice
 * a file that is too short or too long; this reader does.
 */
public final class WeightsReader {
  private WeightsReader() {}

  /**
   * What a file held.
   *
   * @param header its version, and the images seen, which may be no multiple of a batch
   * @param layers those that it has values for
   */
  public record Contents(WeightsHeader header, List<Part> layers) {
    /** Copies the list. */
    public Contents {
      layers = List.copyOf(layers);
    }
  }

  /**
   * The values of one layer.
   *
   * @param layer its number
   * @param type its section's name
   * @param offset of its first byte in the file
   * @param values how many
   * @param largest absolute value of the finite ones
   * @param nonFinite how many are no finite numbers
   */
  public record Part(
      int layer, String type, long offset, long values, float largest, long nonFinite) {}

  /** The header alone, for a file whose network is not at hand. */
  public static WeightsHeader header(String fileName, byte[] file) {
    return WeightsHeader.read(fileName, ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
  }

  /** Reads a file of a whole network into it. */
  public static Contents read(String fileName, byte[] file, Network network) {
    return read(fileName, file, network, network.layers().size());
  }

  /**
   * Reads a file of the first layers of a network into them; the others keep their values.
   *
   * @param fileName for messages
   * @param file the whole file
   * @param to the layer behind the last that it holds
   */
  public static Contents read(String fileName, byte[] file, Network network, int to) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    WeightsHeader header = WeightsHeader.read(fileName, bytes);
    List<Part> parts = new ArrayList<>();
    WeightsOrder order = new WeightsOrder(network, true, header.transposed());
    for (Layer layer : layers(network, to)) {
      List<Run> runs = layer.section().flag("dontload") ? List.of() : order.runs(layer);
      if (!runs.isEmpty()) {
        parts.add(read(fileName, bytes, layer, runs));
      }
    }
    if (bytes.hasRemaining()) {
      throw new WeightsException.BadInput(
          fileName
              + ": has "
              + bytes.remaining()
              + " bytes more than the network; it belongs to another.");
    }
    return new Contents(header, parts);
  }

  static List<Layer> layers(Network network, int to) {
    if (to < 1 || to > network.layers().size()) {
      throw new WeightsException.BadInput(
          "the network has "
              + network.layers().size()
              + " layers, and the first "
              + to
              + " were asked for");
    }
    return network.layers().subList(0, to);
  }

  private static Part read(String fileName, ByteBuffer bytes, Layer layer, List<Run> runs) {
    String type = layer.section().type();
    int offset = bytes.position();
    float largest = 0;
    long nonFinite = 0;
    long values = 0;
    for (Run run : runs) {
      int left = bytes.remaining() / Float.BYTES;
      if (left < run.count()) {
        throw new WeightsException.BadInput(
            ("%s: ends inside layer %s (%s), which needs %s more values where %s are left; it"
                    + " belongs to another network, or to the first layers of this one.")
                .formatted(fileName, layer.index(), type, run.count(), left));
      }
      for (int i = 0; i < run.count(); i++) {
        float value = bytes.getFloat();
        run.block()[run.place().applyAsInt(i)] = value;
        if (Float.isFinite(value)) {
          largest = Math.max(largest, Math.abs(value));
        } else {
          nonFinite++;
        }
      }
      values += run.count();
    }
    return new Part(layer.index(), type, offset, values, largest, nonFinite);
  }
}
