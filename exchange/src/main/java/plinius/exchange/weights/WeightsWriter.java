package plinius.exchange.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;
import plinius.exchange.weights.WeightsOrder.Run;

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
    WeightsOrder order = new WeightsOrder(network, false, header.transposed());
    List<Run> runs =
        WeightsReader.layers(network, to).stream().flatMap(layer -> runs(order, layer)).toList();
    long values = runs.stream().mapToLong(Run::count).sum();
    if (values > (Integer.MAX_VALUE - 64) / Float.BYTES) {
      throw new WeightsException.BadInput("the network is too large for a file of 2 GiB.");
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(header.bytes() + (int) values * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    header.write(bytes);
    for (Run run : runs) {
      for (int i = 0; i < run.count(); i++) {
        bytes.putFloat(run.block()[run.place().applyAsInt(i)]);
      }
    }
    return bytes.array();
  }

  /** How many values a file has for a layer. */
  public static long values(Network network, Layer layer) {
    return runs(new WeightsOrder(network, false, false), layer).mapToLong(Run::count).sum();
  }

  private static Stream<Run> runs(WeightsOrder order, Layer layer) {
    return layer.section().flag("dontsave") ? Stream.empty() : order.runs(layer).stream();
  }
}
