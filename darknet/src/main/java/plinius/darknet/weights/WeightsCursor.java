package plinius.darknet.weights;

import java.util.function.IntUnaryOperator;

/** What passes over a .weights file value by value, reading it or writing it. */
public interface WeightsCursor {
  /** Whether values go from the file to the network. */
  boolean loading();

  /** Whether connected matrices are stored as (inputs, outputs), as some old versions did. */
  boolean transposed();

  /**
   * The next values of the file.
   *
   * @param block the network's parameters
   * @param count how many values
   * @param place from a value's number to its place in the block
   */
  void transfer(float[] block, int count, IntUnaryOperator place);
}
