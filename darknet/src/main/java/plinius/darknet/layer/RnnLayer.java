package plinius.darknet.layer;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;

/**
 * The plain recurrent layer, connected or convolutional (darknet rnn_layer.c, crnn_layer.c at
 * f6afaab): state = (shortcut: state +) input layer(x) + self layer(state), output = output
 * layer(state). The images of a batch are ordered [time step, stream]. Training starts from a state
 * of zeros at each sub-batch; predictions go on from one to the next.
 */
public final class RnnLayer extends Layer {
  private final Parts parts;
  private final int steps;
  private final boolean shortcut;
  private final boolean foldedTwice;
  private final boolean forgetsShortcut;
  private final int hidden; // values of a state
  private final float[] before; // (steps, streams, hidden): the state before each step
  private final float[] after; // (steps, streams, hidden): the state after it
  private final float[] beforeDelta;
  private final float[] state; // (streams, hidden), of predictions

  /** The three layers in this one, and how the input of crnn is turned. */
  private record Parts(
      WeightedLayer input, WeightedLayer self, WeightedLayer output, Optional<Turned> turned) {}

  /** The quirk that crnn takes rows for columns. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Turned(Places places, float[] values, float[] delta) {}

  /** A connected recurrent layer behind the output of the layer before. */
  public static RnnLayer rnn(
      LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    int n = section.integer("output");
    Shape state = new Shape(1, 1, n, true);
    Parts parts =
        new Parts(
            connected(common, section, 1, "input_layer", in, n, storage),
            connected(common, section, 2, "self_layer", state, n, storage),
            connected(common, section, 3, "output_layer", state, n, storage),
            Optional.empty());
    return new RnnLayer(common, section, Shape.flat(n), parts, quirks, storage);
  }

  private static ConnectedLayer connected(
      LayerCommon common,
      Section section,
      int number,
      String part,
      Shape in,
      int outputs,
      Storage storage) {
    return new ConnectedLayer(
        common.part(number, part, 1),
        section,
        in,
        outputs,
        section.word("activation"),
        WeightedLayer.normalized(section),
        storage);
  }

  /** A convolutional recurrent layer over the output of the layer before. */
  public static RnnLayer crnn(
      LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    in.requireImage(section);
    float rate = quirks.has(Quirk.CRNN_NEVER_LEARNS) ? 0 : 1;
    boolean turns = quirks.has(Quirk.CRNN_SWAPS_SIDES) && in.h() != in.w();
    Shape image = turns ? new Shape(in.w(), in.h(), in.c(), true) : in;
    int hidden = section.integer("hidden_filters");
    int filters = section.integer("output_filters");
    Shape state = new Shape(image.h(), image.w(), hidden, true);
    Parts parts =
        new Parts(
            ConvolutionalLayer.within(
                common.part(1, "input_layer", rate), section, image, hidden, quirks, storage),
            ConvolutionalLayer.within(
                common.part(2, "self_layer", rate), section, state, hidden, quirks, storage),
            ConvolutionalLayer.within(
                common.part(3, "output_layer", rate), section, state, filters, quirks, storage),
            turns
                ? Optional.of(
                    new Turned(
                        Places.of(in, image, i -> i),
                        storage.activations(in.count()),
                        storage.trainingActivations(in.count())))
                : Optional.empty());
    return new RnnLayer(common, section, parts.output().out(), parts, quirks, storage);
  }

  private RnnLayer(
      LayerCommon common, Section section, Shape out, Parts parts, Quirks quirks, Storage storage) {
    super(common, out, parts.output().output(), parts.output().delta());
    this.parts = parts;
    steps = storage.timeSteps();
    shortcut = section.flag("shortcut");
    foldedTwice = quirks.has(Quirk.RNN_DELTA_FOLDED_TWICE);
    forgetsShortcut = shortcut && quirks.has(Quirk.RNN_SHORTCUT_FORGOTTEN);
    hidden = parts.self().out().count();
    before = storage.activations(hidden);
    after = storage.activations(hidden);
    beforeDelta = storage.trainingActivations(hidden);
    state = new float[before.length / steps];
  }

  @Override
  public void forward(Pass pass) {
    int streams = pass.images / steps;
    int size = streams * hidden;
    float[] input = parts.turned().map(t -> turned(t, pass)).orElse(pass.input);
    for (int t = 0; t < steps; t++) {
      Pass part = pass.timeStep(t, streams);
      int at = t * size;
      if (t > 0) {
        System.arraycopy(after, at - size, before, at, size);
      } else if (pass.training) {
        Arrays.fill(before, 0, size, 0);
      } else {
        System.arraycopy(state, 0, before, 0, size);
      }
      part.at(input, Pass.NOTHING);
      parts.input().forward(part);
      part.at(before, Pass.NOTHING);
      parts.self().forward(part);
      for (int i = at; i < at + size; i++) {
        float carried = shortcut ? before[i] : 0;
        after[i] = carried + parts.input().output()[i] + parts.self().output()[i];
      }
      part.at(after, Pass.NOTHING);
      parts.output().forward(part);
    }
    if (!pass.training) {
      System.arraycopy(after, (steps - 1) * size, state, 0, size);
    }
  }

  private static float[] turned(Turned turned, Pass pass) {
    turned.places().gather(pass, pass.input, turned.values());
    return turned.values();
  }

  @Override
  public void backward(Pass pass) {
    int streams = pass.images / steps;
    int size = streams * hidden;
    float[] stateDelta = parts.self().delta(); // with regard to the state, until it is folded
    pass.clear(stateDelta);
    pass.clear(beforeDelta);
    float[] input = parts.turned().map(Turned::values).orElse(pass.input);
    float[] inputDelta = parts.turned().map(Turned::delta).orElse(pass.inputDelta);
    parts.turned().ifPresent(t -> pass.clear(t.delta()));
    for (int t = steps - 1; t >= 0; t--) {
      Pass part = pass.timeStep(t, streams);
      int at = t * size;
      for (int i = at; forgetsShortcut && i < at + size; i++) {
        after[i] = parts.input().output()[i] + parts.self().output()[i];
      }
      part.at(after, stateDelta);
      parts.output().backward(part);
      if (!foldedTwice) {
        handOn(stateDelta, at, size);
      }
      part.at(before, t == 0 ? Pass.NOTHING : beforeDelta);
      parts.self().backward(part);
      if (foldedTwice) {
        handOn(stateDelta, at, size);
      }
      if (t > 0) {
        pass.kernels.add(beforeDelta, at, stateDelta, at - size, size);
      }
      part.at(input, pass.wantsInputDelta() ? inputDelta : Pass.NOTHING);
      parts.input().backward(part);
    }
    parts.turned().ifPresent(t -> scatter(t, pass));
  }

  private static void scatter(Turned turned, Pass pass) {
    if (pass.wantsInputDelta()) {
      turned.places().scatter(pass, turned.delta(), pass.inputDelta);
    }
  }

  /** From the state to the input layer, and with a shortcut to the state before. */
  private void handOn(float[] stateDelta, int at, int size) {
    System.arraycopy(stateDelta, at, parts.input().delta(), at, size);
    for (int i = at; shortcut && at > 0 && i < at + size; i++) {
      stateDelta[i - size] += stateDelta[i];
    }
  }

  @Override
  List<? extends WeightedLayer> parts() {
    return List.of(parts.input(), parts.self(), parts.output());
  }

  @Override
  public void forget() {
    Arrays.fill(state, 0);
  }
}
