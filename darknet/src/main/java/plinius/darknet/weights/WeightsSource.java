package plinius.darknet.weights;

/** Where layers read their parameters from, value after value. */
@FunctionalInterface
public interface WeightsSource {
  /** Reads the next values into target[at, at + count). */
  void read(float[] target, int at, int count);

  /** The next values, in an array of their own. */
  default float[] read(int count) {
    float[] values = new float[count];
    read(values, 0, count);
    return values;
  }

  /** Whether connected matrices are stored as (inputs, outputs), as some old versions did. */
  default boolean transposed() {
    return false;
  }
}
