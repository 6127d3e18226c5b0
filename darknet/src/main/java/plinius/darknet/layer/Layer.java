package plinius.darknet.layer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.CounterRandom;

/**
 * A layer. {@link #forward} fills {@link #output()} from the pass's input; {@link #backward} turns
 * {@link #delta()}, the negative gradient with regard to the output, into updates of the layer's
 * parameters and adds to the delta of its input; {@link #update} applies the updates.
 */
public abstract sealed class Layer
    permits ActivationLayer,
        AvgpoolLayer,
        BatchnormLayer,
        CostLayer,
        CropLayer,
        DetectionLayer,
        DropoutLayer,
        GruLayer,
        IsegLayer,
        L2normLayer,
        LocalLayer,
        LogisticLayer,
        LstmLayer,
        MaxpoolLayer,
        NormalizationLayer,
        RegionLayer,
        ReorgLayer,
        RnnLayer,
        RouteLayer,
        ShortcutLayer,
        SoftmaxLayer,
        UpsampleLayer,
        WeightedLayer,
        YoloLayer {
  final LayerCommon common;
  final Shape out;
  final float[] output;
  final float[] delta;

  /** A layer with memory of its own for output and delta. */
  Layer(LayerCommon common, Shape out, Storage storage) {
    this(common, out, storage.activations(out.count()), storage.delta(out.count()));
  }

  Layer(LayerCommon common, Shape out, float[] output, float[] delta) {
    this.common = common;
    this.out = out;
    this.output = output;
    this.delta = delta;
  }

  /** What every layer has. */
  public final LayerCommon common() {
    return common;
  }

  /** The shape of one image's output. */
  public final Shape out() {
    return out;
  }

  /** (batch, out); if it {@link #recomputes} something that it makes its output of. */
  public final float[] output() {
    return output;
  }

  /** (batch, out), the negative gradient; empty unless the network was built for training. */
  public final float[] delta() {
    return delta;
  }

  /** Computes the output. */
  public abstract void forward(Pass pass);

  /** Computes updates, and adds to the delta of the input if there is one. */
  public abstract void backward(Pass pass);

  /**
   * Whether the layer takes its input block by block: in forward it finishes the images that it is
   * about to read; in backward it sets their delta to 0 before it adds, and says when it is
   * complete.
   */
  public boolean inBlocks() {
    return false;
  }

  /** Whether the first step back can be taken block by block, by {@link #takeDelta}. */
  public boolean takesDelta() {
    return false;
  }

  /** Before the first {@link #takeDelta} of a pass. */
  void beginDelta(Pass pass) {}

  /**
   * The first step back for some images of one shard, whose delta is complete; a shard's in order.
   *
   * @param y their outputs, from yAt
   */
  void takeDelta(Pass pass, int from, int to, float[] y, int yAt) {}

  /** Whether the output is not kept, but made again by {@link #writeOutput} for each reader. */
  boolean recomputes() {
    return false;
  }

  /** The last step of forward for some images, where {@link Pass#leaves} left it to the reader. */
  void writeOutput(Pass pass, int from, int to, float[] target, int at) {
    throw new IllegalStateException(common.name() + " leaves nothing to its readers");
  }

  /** {@link #writeOutput} of all images into {@link #output()}. */
  final void finish(Pass pass) {
    pass.runBlocks(
        Integer.MAX_VALUE, (from, to) -> writeOutput(pass, from, to, output, from * out.count()));
  }

  /** The layers within a recurrent one, in the order of the .weights format. */
  List<? extends WeightedLayer> parts() {
    return List.of();
  }

  /** Whether it goes on from what it saw before. */
  public final boolean recurrent() {
    return !parts().isEmpty();
  }

  /** Applies the updates; layers without parameters have nothing to do. */
  public void update(Pass pass, Step step) {
    parts().forEach(part -> part.update(pass, step));
  }

  /** Gives parameters their initial values. */
  public void initialise(CounterRandom random) {
    parts().forEach(part -> part.initialise(random));
  }

  /**
   * Reads or writes parameters in the order of the .weights format; layers without parameters have
   * none.
   */
  public void transfer(WeightsCursor cursor) {
    parts().forEach(part -> part.transfer(cursor));
  }

  /** The sum of the layer's losses over the sub-batch, if the layer owns a cost. */
  public OptionalDouble cost() {
    return OptionalDouble.empty();
  }

  /** Values of an image's truth that the layer compares with; as many as its output has. */
  public int truths() {
    return out.count();
  }

  /** (batch, out), each value's own loss, where the layer has such; else empty. */
  public float[] losses() {
    return Pass.NOTHING;
  }

  /** Batch statistics by the names of the layers in this one ("" = its own), if it normalises. */
  public Map<String, BatchNormalization> normalizations() {
    Map<String, BatchNormalization> found = new LinkedHashMap<>();
    for (WeightedLayer part : parts()) {
      String name = part.common.name();
      part.normalization.ifPresent(n -> found.put(name.substring(name.lastIndexOf('.') + 1), n));
    }
    return found;
  }

  /** Whether the original's backward replaces the delta of the input, instead of adding to it. */
  public boolean replacesInputDelta() {
    return false;
  }

  /** Forgets what earlier predictions left behind in a layer with a state. */
  public void forget() {}

  /**
   * What was chosen for this layer that the bits of its results depend on; empty if nothing was.
   */
  public String plan() {
    return "";
  }

  /** For layers that hand their delta on as it is. */
  final void passDeltaOn(Pass pass) {
    if (pass.wantsInputDelta()) {
      pass.run(
          shard -> {
            int from = pass.from(shard) * out.count();
            int to = pass.from(shard + 1) * out.count();
            pass.kernels.add(delta, from, pass.inputDelta, from, to - from);
          });
    }
  }

  /** For layers whose cost is the sum of their squared deltas. */
  final double squaredDelta(Pass pass) {
    double sum = 0;
    for (int i = 0; i < pass.images * out.count(); i++) {
      sum += delta[i] * delta[i];
    }
    return sum;
  }
}
