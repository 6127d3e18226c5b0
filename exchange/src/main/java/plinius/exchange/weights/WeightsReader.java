package plinius.exchange.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;
import plinius.darknet.weights.WeightsCursor;

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
    for (Layer layer : layers(network, to)) {
      if (!layer.common().dontLoad()) {
        long offset = bytes.position();
        Cursor cursor = new Cursor(fileName, bytes, layer, header.transposed());
        layer.transfer(cursor);
        if (cursor.values > 0) {
          parts.add(cursor.part(offset));
        }
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

  private static final class Cursor implements WeightsCursor {
    private final String fileName;
    private final ByteBuffer bytes;
    private final Layer layer;
    private final boolean transposed;
    private long values;
    private float largest;
    private long nonFinite;

    Cursor(String fileName, ByteBuffer bytes, Layer layer, boolean transposed) {
      this.fileName = fileName;
      this.bytes = bytes;
      this.layer = layer;
      this.transposed = transposed;
    }

    Part part(long offset) {
      return new Part(
          layer.common().index(), layer.common().type(), offset, values, largest, nonFinite);
    }

    @Override
    public boolean loading() {
      return true;
    }

    @Override
    public boolean transposed() {
      return transposed;
    }

    @Override
    public void transfer(float[] block, int count, IntUnaryOperator place) {
      if (bytes.remaining() / Float.BYTES < count) {
        throw new WeightsException.BadInput(
            fileName
                + ": ends inside layer "
                + layer.common().index()
                + " ("
                + layer.common().type()
                + "), which needs "
                + count
                + " more values where "
                + bytes.remaining() / Float.BYTES
                + " are left; it belongs to another network, or to the first layers of this one.");
      }
      for (int i = 0; i < count; i++) {
        float value = bytes.getFloat();
        block[place.applyAsInt(i)] = value;
        if (Float.isFinite(value)) {
          largest = Math.max(largest, Math.abs(value));
        } else {
          nonFinite++;
        }
      }
      values += count;
    }
  }
}
