package plinius.exchange.net;

/**
 * Bytes that are planned once, when the network is built.
 *
 * @param parameters weights, biases, scales, statistics, carried states
 * @param gradients updates, with momentum, and what Adam keeps
 * @param activations outputs, deltas and what else lives for one iteration
 * @param workspace scratch that the layers use in turn, what each thread keeps for its loops, at
 *     most, and without training the weights that each layer keeps prepared; of a single layer 0
 */
public record Memory(long parameters, long gradients, long activations, long workspace) {
  /** All of it. */
  public long total() {
    return parameters + gradients + activations + workspace;
  }

  Memory plus(Memory other) {
    return new Memory(
        parameters + other.parameters,
        gradients + other.gradients,
        activations + other.activations,
        workspace + other.workspace);
  }
}
