package plinius.darknet.layer;

import java.util.Arrays;

/**
 * A tensor of the network's state: where it lies in the parameter block. A view: writing to the
 * block at [offset, offset + count) changes the network. Who does so after a prediction asks for
 * the block again, or says {@link Storage#changed}, because predictions keep weights prepared.
 *
 * @param storage whose block all tensors of the network share
 * @param name layer number, layer type and tensor, such as "0.convolutional.weights"
 * @param role what the tensor is to the network
 * @param offset index of the first value in the block
 * @param count number of values
 * @param shape lengths of the axes, slowest first; their product is the count
 */
@SuppressWarnings("ArrayRecordComponent") // given away as a copy
public record NamedTensor(
    Storage storage, String name, Role role, int offset, int count, int... shape) {
  /** What a tensor is to the network. */
  public enum Role {
    /** Trained: weights, biases, scales. */
    PARAMETER,
    /** Rolling mean and variance of batch normalisation. */
    STATISTIC,
    /** What the optimizer carries from one iteration to the next. */
    OPTIMIZER,
    /** What a recurrent layer carries from one iteration to the next. */
    STATE
  }

  @Override
  public int[] shape() {
    return shape.clone();
  }

  /** The block that all tensors of the network share, to read or to change it. */
  public float[] block() {
    storage.changed();
    return storage.block();
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape);
  }
}
