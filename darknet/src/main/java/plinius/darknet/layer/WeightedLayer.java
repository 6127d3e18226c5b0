package plinius.darknet.layer;

import java.util.Map;
import java.util.Optional;
import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
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
        normalized
            ? Optional.of(new BatchNormalization(storage, common, out, output))
            : Optional.empty();
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
    normalization.ifPresent(n -> n.takeStatistics(pass));
    if (!pass.leaves()) {
      finish(pass);
    }
  }

  @Override
  final boolean recomputes() {
    return normalization.isPresent() && normalization.get().recomputes();
  }

  @Override
  final void writeOutput(Pass pass, int from, int to, float[] target, int at) {
    if (normalization.isPresent()) {
      normalization.get().write(pass, output, from, to, biases.at(), activation, target, at);
    } else {
      plain.forward(pass, target, at, to - from, storage.block(), biases.at(), activation);
    }
  }

  /** To be told of every image whose product is in {@link #target}. */
  final void gather(Pass pass, int from, int to) {
    normalization.ifPresent(n -> n.gather(pass, from, to));
  }

  @Override
  public boolean takesDelta() {
    return true;
  }

  @Override
  final void beginDelta(Pass pass) {
    if (normalization.isPresent()) {
      normalization.get().beginSums();
    } else {
      plain.beginSums();
    }
  }

  @Override
  final void takeDelta(Pass pass, int from, int to, float[] y, int yAt) {
    if (normalization.isPresent()) {
      normalization.get().addSums(pass, y, yAt, activation, delta, from, to);
    } else {
      plain.addSums(pass, y, yAt, activation, delta, from, to);
    }
  }

  /** Half the way from the output's delta to the product's; adds to biases' and scales' updates. */
  final void foldDelta(Pass pass) {
    if (!pass.begun()) {
      beginDelta(pass);
      pass.runBlocks(
          Integer.MAX_VALUE, (from, to) -> takeDelta(pass, from, to, output, from * out.count()));
    }
    if (normalization.isPresent()) {
      normalization.get().backwardSums(pass, delta, biases.updatesAt());
    } else {
      plain.update(pass, storage.block(), biases.updatesAt());
    }
  }

  /** The other half, for some images. */
  final void foldDelta(Pass pass, int from, int to) {
    normalization.ifPresent(n -> n.backwardDelta(pass, delta, from, to));
  }

  /**
   * Backward of a convolution over the output of the layer before. Each block's delta is made, used
   * up and forgotten while it is in the cache.
   */
  final void backwardInBlocks(Pass pass, ConvShape shape) {
    boolean wanted = pass.wantsInputDelta();
    if (wanted) {
      pass.kernels.prepareBackward(shape, storage.block(), weights.at(), pass.prepared);
    }
    // As the scratch was asked for: a step of a recurrent layer has fewer shards than the batch.
    boolean updates = WeightUpdates.inBlocks(shape, Pass.shards(storage.batch()));
    int inputs = shape.inputs();
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          foldDelta(pass, from, to);
          if (wanted) {
            pass.beforeAdding(from, to);
            pass.kernels.convBackwardData(
                shape, delta, 0, pass.prepared, pass.inputDelta, 0, from, to);
          }
          if (updates || pass.wantsInputBlock()) {
            float[] x = pass.inputBlock(from, to, inputs);
            int at = pass.inputAt(from, inputs);
            if (updates) {
              WeightUpdates.addBlock(pass, shape, x, at, delta, from, to);
            }
            pass.deltaComplete(from, to, x, at);
          }
        });
    float[] block = storage.block();
    if (updates) {
      WeightUpdates.addShards(pass, shape.weights(), pass.shards, block, weights.updatesAt());
    } else {
      WeightUpdates.add(pass, shape, pass.input, delta, block, weights.updatesAt());
    }
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
