package plinius.darknet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntUnaryOperator;
import plinius.darknet.layer.NamedTensor;

/** The vectors' .weights files, all of version 0.2: the product's own reader lies behind us. */
final class WeightsFiles {
  private static final int HEADER_BYTES = 20;

  private WeightsFiles() {}

  /** Reads a whole file into a network. */
  static void read(byte[] file, Network network) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    long seen = bytes.getLong(HEADER_BYTES - Long.BYTES);
    network.setSeen(seen - seen % network.batch());
    bytes.position(HEADER_BYTES);
    for (NamedTensor tensor : DarknetOrder.file(network)) {
      IntUnaryOperator places = DarknetOrder.places(network, tensor);
      for (int i = 0; i < tensor.count(); i++) {
        tensor.block()[places.applyAsInt(i)] = bytes.getFloat();
      }
    }
    if (bytes.hasRemaining()) {
      throw new IllegalStateException(bytes.remaining() + " bytes are left over");
    }
  }

  /** A network's file. */
  static byte[] write(Network network) {
    List<NamedTensor> tensors = DarknetOrder.file(network);
    int values = tensors.stream().mapToInt(NamedTensor::count).sum();
    ByteBuffer bytes =
        ByteBuffer.allocate(HEADER_BYTES + values * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0).putInt(2).putInt(0).putLong(network.seen());
    for (NamedTensor tensor : tensors) {
      IntUnaryOperator places = DarknetOrder.places(network, tensor);
      for (int i = 0; i < tensor.count(); i++) {
        bytes.putFloat(tensor.block()[places.applyAsInt(i)]);
      }
    }
    return bytes.array();
  }
}
