package plinius.enclave.mirror;

/**
 * How far training has come.
 *
 * @param iteration completed iterations, which is also the optimizer's step count
 * @param seen images trained on
 * @param averageLoss the running average that is printed
 */
public record Progress(long iteration, long seen, double averageLoss) {

  public Progress {
    if (iteration < 0 || seen < 0) {
      throw new IllegalArgumentException(
          "progress cannot be negative: iteration %d, seen %d".formatted(iteration, seen));
    }
  }
}
