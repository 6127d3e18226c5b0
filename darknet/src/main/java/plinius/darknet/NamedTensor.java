package plinius.darknet;

import plinius.darknet.layer.Slot;

/**
 * A tensor of the network's state: where it lies in the parameter block. A view: writing to the
 * block at [offset, offset + count) changes the network.
 */
public final class NamedTensor {
  private final Slot slot;
  private final float[] block;

  NamedTensor(Slot slot, float[] block) {
    this.slot = slot;
    this.block = block;
  }

  /** Layer number, layer type and tensor, such as "0.convolutional.weights". */
  public String name() {
    return slot.name();
  }

  /** Parameter, rolling statistic or optimizer state. */
  public Slot.Role role() {
    return slot.role();
  }

  /** Lengths of the axes, slowest first; their product is {@link #count()}. */
  public int[] shape() {
    return slot.shape();
  }

  /** The block that all tensors of the network share. */
  public float[] block() {
    return block;
  }

  /** Index of the first value in the block. */
  public int offset() {
    return slot.offset();
  }

  /** Number of values. */
  public int count() {
    return slot.count();
  }

  @Override
  public String toString() {
    return slot.toString();
  }
}
