package plinius.darknet.layer;

import java.util.List;
import plinius.kernel.CounterRandom;

/**
 * What recurrent layers have in common: layers within, and steps. The images of a batch are ordered
 * [time step, stream].
 */
abstract class RecurrentLayer extends Layer {
  private final int steps = storage.timeSteps();
  private final int values; // of a state

  RecurrentLayer(Site site, Shape out) {
    super(site, out);
    values = out.count();
  }

  RecurrentLayer(Site site, Shape out, WeightedLayer output, int values) {
    super(site, out, output.output, output.delta);
    this.values = values;
  }

  /** The layers within this one, in the order of the .weights format. */
  abstract List<? extends WeightedLayer> parts();

  /** The states that go from step to step. */
  abstract List<Carried> states();

  /**
   * One step of forward.
   *
   * @param at of its states in (steps, streams, values)
   * @param size how many values they have together
   */
  abstract void forward(Pass step, float[] input, int at, int size);

  @Override
  public void forward(Pass pass) {
    forward(pass, pass.input);
  }

  final void forward(Pass pass, float[] input) {
    int streams = pass.images / steps;
    int size = streams * values;
    for (int t = 0; t < steps; t++) {
      int at = t * size;
      states().forEach(state -> state.enter(pass, at, size));
      forward(pass.timeStep(t, streams), input, at, size);
    }
    states().forEach(state -> state.leave(pass, (steps - 1) * size, size));
  }

  /** One step of backward; those after it came first. */
  abstract void backward(Pass step, float[] input, float[] inputDelta, int at, int size);

  final void backward(Pass pass, float[] input, float[] inputDelta) {
    int streams = pass.images / steps;
    int size = streams * values;
    for (int t = steps - 1; t >= 0; t--) {
      backward(pass.timeStep(t, streams), input, inputDelta, t * size, size);
    }
  }

  /** Runs a layer within this one over a step. */
  static void forward(WeightedLayer part, Pass step, float[] input) {
    step.at(input, Pass.NOTHING, 0);
    part.forward(step);
  }

  /** Takes a step's delta back through a layer within this one. */
  static void backward(WeightedLayer part, Pass step, float[] input, float[] inputDelta) {
    step.at(input, inputDelta, 0);
    part.backward(step);
  }

  @Override
  public final boolean recurrent() {
    return true;
  }

  @Override
  public final void update(Pass pass, Step step) {
    parts().forEach(part -> part.update(pass, step));
  }

  @Override
  public final void initialise(CounterRandom random) {
    parts().forEach(part -> part.initialise(random));
  }

  @Override
  public final void forget() {
    states().forEach(Carried::forget);
  }
}
