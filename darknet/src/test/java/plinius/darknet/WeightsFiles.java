package plinius.darknet;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import plinius.darknet.layer.Layer;
import plinius.darknet.weights.WeightsCursor;

/** The vectors' .weights files, all of version 0.2: the product's own reader lies behind us. */
final class WeightsFiles {
  private static final int HEADER_BYTES = 20;

  private WeightsFiles() {}

  /** Reads a whole file into a network. */
  static void read(byte[] file, Network network) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    network.startFrom(bytes.getLong(HEADER_BYTES - Long.BYTES));
    bytes.position(HEADER_BYTES);
    transfer(network, true, (block, place) -> block[place] = bytes.getFloat());
    if (bytes.hasRemaining()) {
      throw new IllegalStateException(bytes.remaining() + " bytes are left over");
    }
  }

  /** A network's file. */
  static byte[] write(Network network) {
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    byte[] four = new byte[Float.BYTES];
    ByteBuffer value = ByteBuffer.wrap(four).order(ByteOrder.LITTLE_ENDIAN);
    transfer(
        network,
        false,
        (block, place) -> {
          value.putFloat(0, block[place]);
          values.writeBytes(four);
        });
    return ByteBuffer.allocate(HEADER_BYTES + values.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0)
        .putInt(2)
        .putInt(0)
        .putLong(network.seen())
        .put(values.toByteArray())
        .array();
  }

  private interface Value {
    void at(float[] block, int place);
  }

  private static void transfer(Network network, boolean loading, Value value) {
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
            for (int i = 0; i < count; i++) {
              value.at(block, place.applyAsInt(i));
            }
          }
        };
    for (Layer layer : network.layers()) {
      layer.transfer(cursor);
    }
  }
}
