package plinius.darknet.layer;

import java.util.Arrays;

/** A place in the parameter block: a tensor's name, role, shape and offset in floats. */
public final class Slot {
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

  private final String name;
  private final Role role;
  private final int[] shape;
  private final int offset;
  private final int count;

  Slot(String name, Role role, int offset, int count, int... shape) {
    this.name = name;
    this.role = role;
    this.shape = shape;
    this.offset = offset;
    this.count = count;
  }

  /** Such as "0.convolutional.weights". */
  public String name() {
    return name;
  }

  /** What the tensor is to the network. */
  public Role role() {
    return role;
  }

  /** Lengths of the axes, slowest first. */
  public int[] shape() {
    return shape.clone();
  }

  /** Index of the first value in the block. */
  public int offset() {
    return offset;
  }

  /** Number of values. */
  public int count() {
    return count;
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape);
  }
}
