package plinius.exchange.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;
import plinius.darknet.weights.WeightsCursor;

/**
 * Writes Darknet's .weights files (darknet parser.c save_weights_upto at f6afaab), of any version
 * that the original reads.
 */
public final class WeightsWriter {
  private WeightsWriter() {}

  /** The file of a whole network, as the original writes it. */
  public static byte[] write(Network network) {
    return write(network, network.layers().size(), WeightsHeader.current(network.seen()));
  }

  /**
   * The file of the first layers of a network.
   *
   * @param to the layer behind the last
   * @param header version and images seen
   */
  public static byte[] write(Network network, int to, WeightsHeader header) {
    Counter counter = new Counter();
    transfer(network, to, counter);
    if (counter.values > (Integer.MAX_VALUE - 64) / Float.BYTES) {
      throw new WeightsException.BadInput("the network is too large for a file of 2 GiB.");
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(header.bytes() + (int) counter.values * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    header.write(bytes);
    transfer(network, to, new Cursor(bytes, header.transposed()));
    return bytes.array();
  }

  /** How many values a file has for a layer. */
  public static long values(Layer layer) {
    Counter counter = new Counter();
    transfer(layer, counter);
    return counter.values;
  }

  private static void transfer(Network network, int to, WeightsCursor cursor) {
    WeightsReader.layers(network, to).forEach(layer -> transfer(layer, cursor));
  }

  private static void transfer(Layer layer, WeightsCursor cursor) {
    if (!layer.common().dontSave()) {
      layer.transfer(cursor);
    }
  }

  /** Counts the values. */
  private static final class Counter implements WeightsCursor {
    private long values;

    @Override
    public boolean loading() {
      return false;
    }

    @Override
    public boolean transposed() {
      return false;
    }

    @Override
    public void transfer(float[] block, int count, IntUnaryOperator place) {
      values += count;
    }
  }

  private record Cursor(ByteBuffer bytes, boolean transposed) implements WeightsCursor {
    @Override
    public boolean loading() {
      return false;
    }

    @Override
    public void transfer(float[] block, int count, IntUnaryOperator place) {
      for (int i = 0; i < count; i++) {
        bytes.putFloat(block[place.applyAsInt(i)]);
      }
    }
  }
}
