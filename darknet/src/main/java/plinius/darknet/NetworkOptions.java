package plinius.darknet;

import static java.util.Objects.requireNonNull;

import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * What a network is built with, besides its configuration.
 *
 * @param kernels the arithmetic; does not change a bit of any result
 * @param workers the threads, which the caller closes; their number does not change a bit either
 * @param seed of initial weights, dropout and the random learning-rate policy
 * @param quirks defects of the original that are wanted
 * @param training whether to allocate what only training needs; the state is the same either way
 */
public record NetworkOptions(
    Kernels kernels, Workers workers, long seed, Quirks quirks, boolean training) {
  /** Refuses missing parts. */
  public NetworkOptions {
    requireNonNull(kernels, "kernels");
    requireNonNull(workers, "workers");
    requireNonNull(quirks, "quirks");
  }
}
