package plinius.darknet.layer;

import java.util.Optional;
import java.util.OptionalDouble;
import plinius.darknet.weights.WeightsSource;
import plinius.kernel.CounterRandom;

/**
 * A layer. {@link #forward} fills {@link #output()} from the pass's input; {@link #backward} turns
 * {@link #delta()}, the negative gradient with regard to the output, into updates of the layer's
 * parameters and adds to the delta of its input; {@link #update} applies the updates.
 */
public sealed interface Layer
    permits ActivationLayer,
        AvgpoolLayer,
        BatchnormLayer,
        ConnectedLayer,
        ConvolutionalLayer,
        CostLayer,
        DropoutLayer,
        MaxpoolLayer,
        SoftmaxLayer {
  /** What every layer has. */
  LayerCommon common();

  /** The shape of one image's output. */
  Shape out();

  /** (batch, out). */
  float[] output();

  /** (batch, out), the negative gradient; empty unless the network was built for training. */
  float[] delta();

  /** Computes the output. */
  void forward(Pass pass);

  /** Computes updates, and adds to the delta of the input if there is one. */
  void backward(Pass pass);

  /** Applies the updates; layers without parameters have nothing to do. */
  default void update(Pass pass, Step step) {}

  /** Gives parameters their initial values. */
  default void initialise(CounterRandom random) {}

  /** Reads parameters in the order of the .weights format; layers without parameters take none. */
  default void load(WeightsSource source) {}

  /** The sum of the layer's losses over the sub-batch, if the layer owns a cost. */
  default OptionalDouble cost() {
    return OptionalDouble.empty();
  }

  /** Batch statistics, if the layer normalises. */
  default Optional<BatchNormalization> normalization() {
    return Optional.empty();
  }

  /**
   * What was chosen for this layer that the bits of its results depend on; empty if nothing was.
   */
  default String plan() {
    return "";
  }
}
