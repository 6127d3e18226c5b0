package plinius.darknet.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;

/**
 * Reads Darknet's .weights files (darknet parser.c load_weights_upto at f6afaab): little endian,
 * int32 major, minor, revision, the count of images seen, then the layers' values in order, without
 * names or padding. The original does not notice a file that is too short or too long; this reader
 * does.
 */
public final class WeightsReader {
  private WeightsReader() {}

  /**
   * Reads a file into a network.
   *
   * @param fileName for messages
   * @param file the whole file
   * @return the images seen that the file says; may be no multiple of the network's batch
   */
  public static long read(String fileName, byte[] file, Network network) {
    return read(fileName, file, network, 0, network.layers().size());
  }

  /**
   * Reads a file into some layers of a network; the file holds those alone.
   *
   * @param from the first layer that it holds
   * @param to the layer behind the last
   * @return the images seen that the file says
   */
  public static long read(String fileName, byte[] file, Network network, int from, int to) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    WeightsHeader header = WeightsHeader.read(fileName, bytes);
    for (Layer layer : network.layers().subList(from, to)) {
      if (!layer.common().dontLoad()) {
        layer.transfer(new Cursor(fileName, bytes, layer, header.transposed()));
      }
    }
    if (bytes.hasRemaining()) {
      throw new WeightsException(
          fileName
              + ": has "
              + bytes.remaining()
              + " bytes more than the network; it belongs to another.");
    }
    return header.seen();
  }

  private record Cursor(String fileName, ByteBuffer bytes, Layer layer, boolean transposed)
      implements WeightsCursor {
    @Override
    public boolean loading() {
      return true;
    }

    @Override
    public void transfer(float[] block, int count, IntUnaryOperator place) {
      if (bytes.remaining() / Float.BYTES < count) {
        throw new WeightsException(
            fileName
                + ": ends inside layer "
                + layer.common().index()
                + " ("
                + layer.common().type()
                + "), which needs "
                + count
                + " more values where "
                + bytes.remaining() / Float.BYTES
                + " are left; it belongs to another network.");
      }
      for (int i = 0; i < count; i++) {
        block[place.applyAsInt(i)] = bytes.getFloat();
      }
    }
  }
}
