package plinius.enclave.mirror;

import java.util.Objects;

/**
 * A named range of a parameter block, which mirrorOut reads and mirrorIn fills. Row-major float32.
 *
 * @param block shared with the network: a view, not a copy
 */
@SuppressWarnings("ArrayRecordComponent") // the block is shared on purpose
public record MirroredTensor(String name, int[] shape, float[] block, int offset, int count) {

  public MirroredTensor {
    Objects.checkFromIndexSize(offset, count, block.length);
    int product = 1;
    for (int extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    if (product != count || count < 1) {
      throw new IllegalArgumentException(
          "tensor %s: the shape has %d values, the range %d".formatted(name, product, count));
    }
  }
}
