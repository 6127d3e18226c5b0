package plinius.darknet.layer;

import java.util.List;
import java.util.Optional;

/**
 * The plain recurrent layer, connected or convolutional (darknet rnn_layer.c, crnn_layer.c at
 * f6afaab): state = (shortcut: state +) input layer(x) + self layer(state), output = output
 * layer(state). Training starts from a state of zeros at each sub-batch; predictions go on from one
 * to the next.
 */
class RnnLayer extends RecurrentLayer {
  final Parts parts;
  final boolean shortcut;
  final Carried state;
  final float[] after; // (steps, streams, hidden): the state after each step
  final float[] beforeDelta;

  /** The three layers in this one. */
  record Parts(WeightedLayer input, WeightedLayer self, WeightedLayer output) {}

  /** A connected recurrent layer. */
  static RnnLayer rnn(Site site) {
    return new RnnLayer(site, Shape.flat(site.section().integer("output")), connected(site));
  }

  static Parts connected(Site site) {
    Shape state = new Shape(1, 1, site.section().integer("output"), true);
    return new Parts(
        new ConnectedLayer(site.part(1, "input_layer", 1, site.in())),
        new ConnectedLayer(site.part(2, "self_layer", 1, state)),
        new ConnectedLayer(site.part(3, "output_layer", 1, state)));
  }

  /** A convolutional recurrent layer. */
  static RnnLayer crnn(Site site) {
    Parts parts = convolutional(site, site.image(), 1);
    return new RnnLayer(site, parts.output().out(), parts);
  }

  static Parts convolutional(Site site, Shape image, float rate) {
    int hidden = site.section().integer("hidden_filters");
    int filters = site.section().integer("output_filters");
    Shape state = new Shape(image.h(), image.w(), hidden, true);
    return new Parts(
        ConvolutionalLayer.within(site.part(1, "input_layer", rate, image), hidden),
        ConvolutionalLayer.within(site.part(2, "self_layer", rate, state), hidden),
        ConvolutionalLayer.within(site.part(3, "output_layer", rate, state), filters));
  }

  RnnLayer(Site site, Shape out, Parts parts) {
    int hidden = parts.self().out().count();
    super(site, out, parts.output(), hidden);
    this.parts = parts;
    shortcut = section.flag("shortcut");
    after = storage.activations(hidden);
    state = new Carried(storage, Optional.empty(), hidden, after);
    beforeDelta = storage.trainingActivations(hidden);
  }

  @Override
  void forward(Pass step, float[] input, int at, int size) {
    forward(parts.input(), step, input);
    forward(parts.self(), step, state.before());
    for (int i = at; i < at + size; i++) {
      float carried = shortcut ? state.before()[i] : 0;
      after[i] = carried + parts.input().output()[i] + parts.self().output()[i];
    }
    forward(parts.output(), step, after);
  }

  @Override
  public void backward(Pass pass) {
    pass.clear(parts.self().delta());
    pass.clear(beforeDelta);
    backward(pass, pass.input, pass.inputDelta);
  }

  @Override
  void backward(Pass step, float[] input, float[] inputDelta, int at, int size) {
    float[] stateDelta = parts.self().delta(); // with regard to the state, until it is folded
    backward(parts.output(), step, after, stateDelta);
    handOn(stateDelta, at, size);
    backward(parts.self(), step, state.before(), at == 0 ? Pass.NOTHING : beforeDelta);
    if (at > 0) {
      step.kernels.add(beforeDelta, at, stateDelta, at - size, size);
    }
    backward(parts.input(), step, input, inputDelta);
  }

  /** From the state to the input layer, and with a shortcut to the state before. */
  final void handOn(float[] stateDelta, int at, int size) {
    System.arraycopy(stateDelta, at, parts.input().delta(), at, size);
    for (int i = at; shortcut && at > 0 && i < at + size; i++) {
      stateDelta[i - size] += stateDelta[i];
    }
  }

  @Override
  List<WeightedLayer> parts() {
    return List.of(parts.input(), parts.self(), parts.output());
  }

  @Override
  List<Carried> states() {
    return List.of(state);
  }
}
