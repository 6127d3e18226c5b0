package plinius.darknet.layer;

import java.util.Map;
import java.util.Optional;
import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * What layers with weights have in common: after their product comes batch normalisation or biases,
 * then the activation.
 */
public abstract sealed class WeightedLayer extends Layer
    permits ConvolutionalLayer, ConnectedLayer, DeconvolutionalLayer {
  final Storage storage;
  final Activation activation;
  final Parameter biases;
  final Optional<BatchNormalization> normalization;
  final Parameter weights;
  private final Biases plain;

  /**
   * Asks for the layer's tensors.
   *
   * @param weightShape lengths of the weights' axes, the outputs or filters last
   */
  WeightedLayer(
      LayerCommon common,
      Shape out,
      String activation,
      boolean normalized,
      int[] weightShape,
      Storage storage) {
    super(common, out, storage);
    this.storage = storage;
    this.activation = Activation.named(activation).orElseThrow();
    biases = new Parameter(storage, common.name(), "biases", storage.adam(), out.c());
    normalization =
        normalized ? Optional.of(new BatchNormalization(storage, common, out)) : Optional.empty();
    plain = new Biases(out);
    weights = new Parameter(storage, common.name(), "weights", storage.adam(), weightShape);
  }

  static boolean normalized(Section section) {
    return section.flag("batch_normalize");
  }

  /** Where the product goes. */
  final float[] target(Pass pass) {
    return normalization.isPresent() ? normalization.get().source(pass, output) : output;
  }

  /** From the product in {@link #target} to the output. */
  final void activate(Pass pass) {
    if (normalization.isPresent()) {
      normalization.get().forward(pass, output, biases.at(), activation);
    } else {
      plain.forward(pass, output, storage.block(), biases.at(), activation);
    }
  }

  /** To be told of every image whose product is in {@link #target}. */
  final void gather(Pass pass, int from, int to) {
    normalization.ifPresent(n -> n.gather(pass, from, to));
  }

  /** Half the way from the output's delta to the product's; adds to biases' and scales' updates. */
  final void foldDelta(Pass pass) {
    if (normalization.isPresent()) {
      normalization.get().backwardSums(pass, output, activation, delta, biases.updatesAt());
    } else {
      plain.backward(pass, output, activation, delta, storage.block(), biases.updatesAt());
    }
  }

  /** The other half, for some images. */
  final void foldDelta(Pass pass, int from, int to) {
    normalization.ifPresent(n -> n.backwardDelta(pass, delta, from, to));
  }

  @Override
  public void update(Pass pass, Step step) {
    biases.update(pass, step, common.learningRate());
    normalization.ifPresent(n -> n.scales().update(pass, step, common.learningRate()));
    weights.update(pass, step, common.learningRate());
  }

  @Override
  public final void initialise(CounterRandom random) {
    normalization.ifPresent(n -> n.scales().fill(1));
    float[] block = storage.block();
    for (int i = 0; i < weights.count(); i++) {
      block[weights.at() + i] = initial(random, i);
    }
  }

  /** The initial value of a weight. */
  abstract float initial(CounterRandom random, int i);

  /** Scales and statistics of the first filters, where a .weights file has them. */
  final void transferScales(WeightsCursor cursor, int filters) {
    if (normalization.isPresent() && !(cursor.loading() && common.dontLoadScales())) {
      normalization.get().transfer(cursor, filters);
    }
  }

  @Override
  public final Map<String, BatchNormalization> normalizations() {
    return normalization.map(n -> Map.of("", n)).orElse(Map.of());
  }
}
