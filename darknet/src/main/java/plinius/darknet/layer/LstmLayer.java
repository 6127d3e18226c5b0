package plinius.darknet.layer;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/**
 * Long short-term memory without peepholes (darknet lstm_layer.c at f6afaab): c = f c + i g, h = o
 * tanh(c), where each gate is the logistic, and g the tangent, of w(h) + u(x). Cell and state go on
 * from batch to batch, and so are mirrored.
 */
public final class LstmLayer extends Layer {
  private static final List<String> GATES = List.of("i", "f", "o", "g");

  private final Storage storage;
  private final Gates gates;
  private final int steps;
  private final boolean stale;
  private final Slot state; // (streams, outputs), of training
  private final Slot cell;
  private final Optional<Slot> cellDelta; // only where the quirk carries it over
  private final float[] predictingState; // the same of predictions
  private final float[] predictingCell;
  private final float[] before; // (steps, streams, outputs): the state before each step
  private final float[] cellBefore;
  private final float[] cells;
  private final float[][] values; // of the gates
  private final float[] beforeDelta;

  /** A recurrent layer behind the output of the layer before. */
  public LstmLayer(LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    super(common, Shape.flat(section.integer("output")), storage);
    this.storage = storage;
    List<String> names = List.of("wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug");
    gates = new Gates(common, section, in, names, storage);
    steps = storage.timeSteps();
    stale = quirks.has(Quirk.LSTM_STALE_STEPS);
    int streams = storage.batch() / steps;
    int n = out.count();
    state = storage.slot(common.name() + ".state", Slot.Role.STATE, streams, n);
    cell = storage.slot(common.name() + ".cell", Slot.Role.STATE, streams, n);
    cellDelta =
        stale
            ? Optional.of(storage.slot(common.name() + ".cell_delta", Slot.Role.STATE, streams, n))
            : Optional.empty();
    predictingState = new float[streams * n];
    predictingCell = new float[streams * n];
    before = storage.activations(n);
    cellBefore = storage.activations(n);
    cells = storage.activations(n);
    values = new float[GATES.size()][];
    Arrays.setAll(values, i -> storage.activations(n));
    beforeDelta = storage.trainingActivations(n);
  }

  @Override
  public void forward(Pass pass) {
    int streams = pass.images / steps;
    int size = streams * out.count();
    float[] block = storage.block();
    float[] carriedState = pass.training ? block : predictingState;
    float[] carriedCell = pass.training ? block : predictingCell;
    int stateAt = pass.training ? state.offset() : 0;
    int cellAt = pass.training ? cell.offset() : 0;
    System.arraycopy(carriedState, stateAt, before, 0, size);
    System.arraycopy(carriedCell, cellAt, cellBefore, 0, size);
    for (int t = 0; t < steps; t++) {
      Pass step = pass.timeStep(t, streams);
      int at = t * size;
      if (t > 0) {
        System.arraycopy(output, at - size, before, at, size);
        System.arraycopy(cells, at - size, cellBefore, at, size);
      }
      for (int k = 0; k < GATES.size(); k++) {
        String gate = GATES.get(k);
        gates.forward("w" + gate, step, before);
        gates.forward("u" + gate, step, pass.input);
        gates.sum(gate, activation(gate), values[k], at, size);
      }
      for (int i = at; i < at + size; i++) {
        cells[i] = cellBefore[i] * values[1][i] + values[0][i] * values[3][i];
        output[i] = Activation.TANH.apply(cells[i]) * values[2][i];
      }
    }
    System.arraycopy(output, (steps - 1) * size, carriedState, stateAt, size);
    System.arraycopy(cells, (steps - 1) * size, carriedCell, cellAt, size);
  }

  private static Activation activation(String gate) {
    return gate.equals("g") ? Activation.TANH : Activation.LOGISTIC;
  }

  @Override
  public void backward(Pass pass) {
    int streams = pass.images / steps;
    int size = streams * out.count();
    float[] later = new float[size]; // the delta of the cell after the step
    if (stale) {
      System.arraycopy(storage.block(), cellDelta.orElseThrow().offset(), later, 0, size);
      staleFirstStep(size);
    }
    pass.clear(beforeDelta);
    for (int t = steps - 1; t >= 0; t--) {
      Pass step = pass.timeStep(t, streams);
      int at = t * size;
      gateDeltas(at, size, later);
      for (String gate : List.of("o", "g", "i", "f")) {
        gates.share(gate, at, size);
        gates.backward("w" + gate, step, before, t == 0 ? Pass.NOTHING : beforeDelta);
        gates.backward("u" + gate, step, pass.input, pass.inputDelta);
      }
      if (t > 0) {
        pass.kernels.add(beforeDelta, at, delta, at - size, size);
      }
    }
    if (stale) {
      System.arraycopy(later, 0, storage.block(), cellDelta.orElseThrow().offset(), size);
      System.arraycopy(output, 0, storage.block(), state.offset(), size);
      System.arraycopy(cells, 0, storage.block(), cell.offset(), size);
    }
  }

  private void gateDeltas(int at, int size, float[] later) {
    float[] di = gates.delta("i");
    float[] df = gates.delta("f");
    float[] d0 = gates.delta("o");
    float[] dg = gates.delta("g");
    for (int k = at; k < at + size; k++) {
      float i = values[0][k];
      float f = values[1][k];
      float o = values[2][k];
      float g = values[3][k];
      float tangent = Activation.TANH.apply(cells[k]);
      float dc = delta[k] * o * Activation.TANH.gradient(tangent) + later[k - at];
      d0[k] = tangent * delta[k] * Activation.LOGISTIC.gradient(o);
      dg[k] = dc * i * Activation.TANH.gradient(g);
      di[k] = dc * g * Activation.LOGISTIC.gradient(i);
      df[k] = dc * cellBefore[k] * Activation.LOGISTIC.gradient(f);
      later[k - at] = dc * f;
    }
  }

  /** The quirk that step 0 takes its own cell and state, or zeros, for those before it. */
  private void staleFirstStep(int size) {
    Arrays.fill(before, 0, size, 0);
    Arrays.fill(cellBefore, 0, size, 0);
    if (steps > 1) {
      System.arraycopy(output, 0, before, 0, size);
      System.arraycopy(cells, 0, cellBefore, 0, size);
    }
  }

  @Override
  List<? extends WeightedLayer> parts() {
    return gates.parts();
  }

  @Override
  public void forget() {
    Arrays.fill(predictingState, 0);
    Arrays.fill(predictingCell, 0);
  }
}
