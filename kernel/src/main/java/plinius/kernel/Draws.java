package plinius.kernel;

/**
 * Uniform random numbers in [0, 1) by position, so that nothing consumes a stream: the same place
 * always has the same number.
 */
@FunctionalInterface
public interface Draws {
  /** A purpose beside the layers' own draws, plus the layer's index: its initial weights. */
  int INITIAL_WEIGHTS = 1 << 16;

  /** A purpose: the learning-rate policy "random". */
  int LEARNING_RATE = 1 << 17;

  /** A purpose: the sizes of a detector's images. */
  int SIZE = LEARNING_RATE + 1;

  /**
   * One number.
   *
   * @param purpose what it is for; layers use their own index
   * @param iteration completed iterations before this one
   * @param index of the value within the iteration
   */
  float uniform(int purpose, long iteration, long index);

  /** The numbers of the indexes from first on. */
  default void uniforms(int purpose, long iteration, long first, float[] into, int at, int count) {
    for (int i = 0; i < count; i++) {
      into[at + i] = uniform(purpose, iteration, first + i);
    }
  }
}
