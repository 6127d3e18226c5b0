package plinius.enclave.mirror;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A named range of a parameter block, which mirrorOut reads and mirrorIn fills. Row-major float32.
 *
 * @param block shared with the network: a view, not a copy
 */
@SuppressWarnings("ArrayRecordComponent") // the block is shared on purpose
public record MirroredTensor(String name, int[] shape, float[] block, int offset, int count) {
  private static final ValueLayout.OfFloat SEALED =
      JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

  /** Bytes of its values. */
  long bytes() {
    return 4L * count;
  }

  /** Whether so many of its values, from one on, are finite numbers. */
  boolean finite(int first, int floats) {
    int from = offset + first;
    int quarter = floats / 4;
    float most = 0; // NaN once one of them is; a maximum is taken in vectors, unlike a sum
    // In four places at once: so it costs no more than fetching the values for sealing.
    for (int i = from; i < from + quarter; i++) {
      float a = Math.max(Math.abs(block[i]), Math.abs(block[i + quarter]));
      float b = Math.max(Math.abs(block[i + 2 * quarter]), Math.abs(block[i + 3 * quarter]));
      most = Math.max(most, Math.max(a, b));
    }
    for (int i = from + 4 * quarter; i < from + floats; i++) {
      most = Math.max(most, Math.abs(block[i]));
    }
    return most < Float.POSITIVE_INFINITY;
  }

  /** Its values from one on, little-endian, to the beginning of an array. */
  void copyTo(byte[] bytes, int first, int floats) {
    MemorySegment values = MemorySegment.ofArray(block);
    MemorySegment target = MemorySegment.ofArray(bytes);
    MemorySegment.copy(values, JAVA_FLOAT, 4L * (offset + first), target, SEALED, 0, floats);
  }

  /** The opposite of {@link #copyTo}. */
  void copyFrom(byte[] bytes, int first, int floats) {
    MemorySegment values = MemorySegment.ofArray(block);
    MemorySegment source = MemorySegment.ofArray(bytes);
    MemorySegment.copy(source, SEALED, 0, values, JAVA_FLOAT, 4L * (offset + first), floats);
  }

  /** Sets it to 0. */
  void forget() {
    Arrays.fill(block, offset, offset + count, 0);
  }
}
