package plinius.darknet.layer;

import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * What layers with weights have in common: after their product comes batch normalisation or biases,
 * then the activation.
 */
abstract class WeightedLayer extends Layer {
  final ConvShape shape;
  final Biases biases;
  final Parameter weights;
  final Prepared prepared;

  /**
   * Asks for the layer's tensors.
   *
   * @param shape of the convolution that its product is, or that it runs backward
   * @param weightShape lengths of the weights' axes, the outputs or filters last
   */
  WeightedLayer(Site site, Shape out, Activation activation, ConvShape shape, int... weightShape) {
    super(site, out);
    this.shape = shape;
    prepared = storage.prepared(shape);
    biases = site.network().biases(this, activation);
    weights = new Parameter(site, "weights", storage.adam(), weightShape);
  }

  @Override
  public final String plan() {
    return WeightUpdates.plan(shape, storage.batch());
  }

  @Override
  public void forward(Pass pass) {
    forwardInBlocks(pass, storage.block(), weights.at());
  }

  @Override
  public void backward(Pass pass) {
    foldDelta(pass);
    backwardInBlocks(pass, storage.block(), weights.at());
  }

  /** Forward of a convolution, with these weights, over the output of the layer before. */
  final void forwardInBlocks(Pass pass, float[] w, int wAt) {
    float[] target = biases.target(pass);
    float[] ready = prepared.forward(pass, w, wAt);
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          float[] x = pass.inputBlock(from, to, shape.inputs());
          int at = pass.inputAt(from, shape.inputs());
          int yAt = from * shape.outputs();
          pass.kernels.convForward(shape, x, at, ready, target, yAt, 0, to - from);
          biases.gather(pass, from, to);
        });
    activate(pass);
  }

  /** From the product to the output. */
  final void activate(Pass pass) {
    biases.takeStatistics(pass);
    if (!pass.leaves()) {
      finish(pass);
    }
  }

  @Override
  final boolean recomputes() {
    return biases.recomputes();
  }

  @Override
  final void writeOutput(Pass pass, int from, int to, float[] target, int at) {
    biases.write(pass, from, to, target, at);
  }

  @Override
  public boolean takesDelta() {
    return true;
  }

  @Override
  final void beginDelta() {
    biases.beginSums();
  }

  @Override
  final void takeDelta(Pass pass, int from, int to, float[] y, int yAt) {
    biases.addSums(pass, from, to, y, yAt);
  }

  /** Half the way from the output's delta to the product's; the other half goes by images. */
  final void foldDelta(Pass pass) {
    if (!pass.begun()) {
      beginDelta();
      pass.eachShard(1, (from, to) -> takeDelta(pass, from, to, output, from * out.count()));
    }
    biases.endSums(pass);
  }

  /**
   * Backward of a convolution, with these weights, over the output of the layer before. Each
   * block's delta is made, used up and forgotten while it is in the cache.
   */
  final void backwardInBlocks(Pass pass, float[] w, int wAt) {
    boolean wanted = pass.wantsInputDelta();
    float[] ready = wanted ? prepared.backward(pass, w, wAt) : Pass.NOTHING;
    // As the scratch was asked for: a step of a recurrent layer has fewer shards than the batch.
    boolean updates = WeightUpdates.inBlocks(shape, Pass.shards(storage.batch()));
    int inputs = shape.inputs();
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          biases.foldDelta(pass, from, to);
          if (wanted) {
            pass.beforeAdding(from, to);
            pass.kernels.convBackwardData(shape, delta, 0, ready, pass.inputDelta, 0, from, to);
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
    biases.update(pass, step, site.rate());
    weights.update(pass, step, site.rate());
  }

  @Override
  public final void initialise(CounterRandom random) {
    biases.initialise();
    for (int i = 0; i < weights.count(); i++) {
      storage.block()[weights.at() + i] = initial(random, i);
    }
  }

  /** The initial value of a weight. */
  abstract float initial(CounterRandom random, int i);

  /** A normal random number for the initial value of weight i. */
  final float normal(CounterRandom random, int i) {
    return random.normal(site.initialPurpose(), site.part(), i);
  }
}
