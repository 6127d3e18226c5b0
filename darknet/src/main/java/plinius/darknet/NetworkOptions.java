package plinius.darknet;

import static java.util.Objects.requireNonNull;

import java.util.function.Function;
import java.util.function.UnaryOperator;
import plinius.kernel.ClassTree;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * What a network is built with, besides its configuration.
 *
 * @param kernels the arithmetic; does not change a bit of any result
 * @param workers the threads, which the caller closes; their number does not change a bit either
 * @param seed of initial weights, dropout and the random learning-rate policy
 * @param training whether to allocate what only training needs; the state is the same either way
 * @param files gives the text of a file that a configuration names (tree=, map=)
 * @param trees makes the hierarchy of classes of such a text (tree=); refuses one that is none by
 *     an IllegalArgumentException with what is to be said of it
 */
public record NetworkOptions(
    Kernels kernels,
    Workers workers,
    long seed,
    boolean training,
    UnaryOperator<String> files,
    Function<String, ClassTree> trees) {
  /** Refuses missing parts. */
  public NetworkOptions {
    requireNonNull(kernels, "kernels");
    requireNonNull(workers, "workers");
    requireNonNull(files, "files");
    requireNonNull(trees, "trees");
  }

  /**
   * Options without files: a configuration that names one is refused, since its digest says nothing
   * about what the file holds. So there is no text to make a tree of.
   */
  public NetworkOptions(Kernels kernels, Workers workers, long seed, boolean training) {
    this(kernels, workers, seed, training, NetworkOptions::noFile, _ -> null);
  }

  private static String noFile(String name) {
    throw new NetworkException(
        "the configuration names the file '%s', which cannot be read here; leave tree= and map= out."
            .formatted(name));
  }
}
