package plinius.darknet.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;

/**
 * Writes Darknet's .weights files (darknet parser.c save_weights_upto at f6afaab): version 0.2.0,
 * 64 bits for the images seen.
 */
public final class WeightsWriter {
  private static final int HEADER_BYTES = 20;

  private WeightsWriter() {}

  /** The file of a whole network. */
  public static byte[] write(Network network) {
    return write(network, network.layers().size());
  }

  /**
   * The file of the first layers of a network.
   *
   * @param to the layer behind the last
   */
  public static byte[] write(Network network, int to) {
    Counter counter = new Counter();
    transfer(network, to, counter);
    if (counter.values > (Integer.MAX_VALUE - 64) / Float.BYTES) {
      throw new WeightsException("the network is too large for a file of 2 GiB.");
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + (int) counter.values * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0).putInt(2).putInt(0).putLong(network.seen());
    transfer(network, to, new Cursor(bytes));
    return bytes.array();
  }

  private static void transfer(Network network, int to, WeightsCursor cursor) {
    for (Layer layer : network.layers().subList(0, to)) {
      if (!layer.common().dontSave()) {
        layer.transfer(cursor);
      }
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

  private record Cursor(ByteBuffer bytes) implements WeightsCursor {
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
      for (int i = 0; i < count; i++) {
        bytes.putFloat(block[place.applyAsInt(i)]);
      }
    }
  }
}
