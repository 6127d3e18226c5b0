package plinius.darknet.layer;

import java.util.List;
import java.util.Optional;
import plinius.darknet.Quirk;

/**
 * The plain recurrent layer, connected or convolutional (darknet rnn_layer.c, crnn_layer.c at
 * f6afaab): state = (shortcut: state +) input layer(x) + self layer(state), output = output
 * layer(state). Training starts from a state of zeros at each sub-batch; predictions go on from one
 * to the next.
 */
final class RnnLayer extends RecurrentLayer {
  private final Parts parts;
  private final boolean shortcut;
  private final boolean foldedTwice;
  private final boolean forgetsShortcut;
  private final Carried state;
  private final float[] after; // (steps, streams, hidden): the state after each step
  private final float[] beforeDelta;

  /** The three layers in this one, and how the input of crnn is turned. */
  private record Parts(
      WeightedLayer input, WeightedLayer self, WeightedLayer output, Optional<Turned> turned) {}

  /** The quirk that crnn takes rows for columns. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Turned(Places places, float[] values, float[] delta) {}

  /** A connected recurrent layer. */
  static RnnLayer rnn(Site site) {
    int n = site.section().integer("output");
    Shape state = new Shape(1, 1, n, true);
    Parts parts =
        new Parts(
            new ConnectedLayer(site.part(1, "input_layer", 1, site.in())),
            new ConnectedLayer(site.part(2, "self_layer", 1, state)),
            new ConnectedLayer(site.part(3, "output_layer", 1, state)),
            Optional.empty());
    return new RnnLayer(site, Shape.flat(n), parts);
  }

  /** A convolutional recurrent layer. */
  static RnnLayer crnn(Site site) {
    Shape in = site.image();
    boolean turns = site.has(Quirk.CRNN_SWAPS_SIDES) && in.h() != in.w();
    Shape image = turns ? new Shape(in.w(), in.h(), in.c(), true) : in;
    float rate = site.has(Quirk.CRNN_NEVER_LEARNS) ? 0 : 1;
    int hidden = site.section().integer("hidden_filters");
    int filters = site.section().integer("output_filters");
    Shape state = new Shape(image.h(), image.w(), hidden, true);
    Storage storage = site.storage();
    Parts parts =
        new Parts(
            ConvolutionalLayer.within(site.part(1, "input_layer", rate, image), hidden),
            ConvolutionalLayer.within(site.part(2, "self_layer", rate, state), hidden),
            ConvolutionalLayer.within(site.part(3, "output_layer", rate, state), filters),
            turns
                ? Optional.of(
                    new Turned(
                        Places.of(in, image, i -> i),
                        storage.activations(in.count()),
                        storage.trainingActivations(in.count())))
                : Optional.empty());
    return new RnnLayer(site, parts.output().out(), parts);
  }

  private RnnLayer(Site site, Shape out, Parts parts) {
    int hidden = parts.self().out().count();
    super(site, out, parts.output(), hidden);
    this.parts = parts;
    shortcut = section.flag("shortcut");
    foldedTwice = site.has(Quirk.RNN_DELTA_FOLDED_TWICE);
    forgetsShortcut = shortcut && site.has(Quirk.RNN_SHORTCUT_FORGOTTEN);
    after = storage.activations(hidden);
    state = new Carried(storage, Optional.empty(), hidden, after);
    beforeDelta = storage.trainingActivations(hidden);
  }

  @Override
  public void forward(Pass pass) {
    parts.turned().ifPresent(t -> t.places().gather(pass, pass.input, t.values()));
    forward(pass, parts.turned().map(Turned::values).orElse(pass.input));
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
    if (parts.turned().isEmpty() || !pass.wantsInputDelta()) {
      float[] input = parts.turned().map(Turned::values).orElse(pass.input);
      backward(pass, input, pass.inputDelta);
    } else {
      Turned turned = parts.turned().get();
      pass.clear(turned.delta());
      backward(pass, turned.values(), turned.delta());
      turned.places().scatter(pass, turned.delta(), pass.inputDelta);
    }
  }

  @Override
  void backward(Pass step, float[] input, float[] inputDelta, int at, int size) {
    float[] stateDelta = parts.self().delta(); // with regard to the state, until it is folded
    for (int i = at; forgetsShortcut && i < at + size; i++) {
      after[i] = parts.input().output()[i] + parts.self().output()[i];
    }
    backward(parts.output(), step, after, stateDelta);
    if (!foldedTwice) {
      handOn(stateDelta, at, size);
    }
    backward(parts.self(), step, state.before(), at == 0 ? Pass.NOTHING : beforeDelta);
    if (foldedTwice) {
      handOn(stateDelta, at, size);
    }
    if (at > 0) {
      step.kernels.add(beforeDelta, at, stateDelta, at - size, size);
    }
    backward(parts.input(), step, input, inputDelta);
  }

  /** From the state to the input layer, and with a shortcut to the state before. */
  private void handOn(float[] stateDelta, int at, int size) {
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
