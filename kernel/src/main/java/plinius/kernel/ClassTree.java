package plinius.kernel;

/**
 * A hierarchy of classes, as far as layers ask it: siblings stand together, and one softmax runs
 * over each group of them.
 */
public interface ClassTree {
  /** How many nodes it has, each a class. */
  int size();

  /** The lengths of the runs of siblings. */
  int[] groupSizes();

  /** Pulls a node and its ancestors up, and their siblings down: writes their deltas. */
  void pull(int node, float scale, float[] output, float[] delta, int at);

  /** The probability of a node: the product up to the root of what lies in x[at, at + size). */
  float probability(float[] x, int at, int node);

  /** Turns probabilities among siblings into absolute ones. */
  void multiply(float[] x);

  /** The node that is reached from the root by the best siblings while the product is large. */
  int top(float[] x, float threshold);
}
