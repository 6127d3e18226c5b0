package plinius.darknet.layer;

/**
 * Uniform random numbers in [0, 1) by position, so that nothing consumes a stream: the same place
 * always has the same number.
 */
@FunctionalInterface
public interface Draws {
  /**
   * One number.
   *
   * @param purpose what it is for; layers use their own index
   * @param iteration completed iterations before this one
   * @param index of the value within the iteration
   */
  float uniform(int purpose, long iteration, long index);
}
