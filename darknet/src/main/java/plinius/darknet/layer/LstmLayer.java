package plinius.darknet.layer;

import java.util.Arrays;
import java.util.List;
import plinius.kernel.Activation;

/**
 * Long short-term memory without peepholes (darknet lstm_layer.c at f6afaab): c = f c + i g, h = o
 * tanh(c), where each gate is the logistic, and g the tangent, of w(h) + u(x). Cell and state go on
 * from batch to batch, and so are mirrored.
 */
class LstmLayer extends RecurrentLayer {
  private static final List<String> GATES = List.of("i", "f", "o", "g");

  final int n = out.count();
  private final Gates gates = new Gates(site, "wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug");
  final float[] cells = storage.activations(n); // (steps, streams, outputs): after each step
  final Carried state = Carried.trained(site, "state", n, output);
  final Carried cell = Carried.trained(site, "cell", n, cells);
  private final float[][] values = new float[GATES.size()][]; // of the gates
  final float[] beforeDelta = storage.trainingActivations(n);

  /** (streams, outputs): the delta of the cell after the step. */
  final float[] later = new float[storage.batch() / storage.timeSteps() * n];

  LstmLayer(Site site) {
    super(site, Shape.flat(site.section().integer("output")));
    Arrays.setAll(values, i -> storage.activations(n));
  }

  @Override
  void forward(Pass step, float[] input, int at, int size) {
    for (int k = 0; k < GATES.size(); k++) {
      String gate = GATES.get(k);
      gates.forward(gate, step, state.before(), input);
      Activation activation = gate.equals("g") ? Activation.TANH : Activation.LOGISTIC;
      gates.sum(gate, activation, values[k], at, size);
    }
    for (int i = at; i < at + size; i++) {
      cells[i] = cell.before()[i] * values[1][i] + values[0][i] * values[3][i];
      output[i] = Activation.TANH.apply(cells[i]) * values[2][i];
    }
  }

  @Override
  public void backward(Pass pass) {
    Arrays.fill(later, 0);
    pass.clear(beforeDelta);
    backward(pass, pass.input, pass.inputDelta);
  }

  @Override
  void backward(Pass step, float[] input, float[] inputDelta, int at, int size) {
    gateDeltas(at, size);
    float[] carried = at == 0 ? Pass.NOTHING : beforeDelta;
    for (String gate : List.of("o", "g", "i", "f")) {
      gates.share(gate, at, size);
      gates.backward(gate, step, state.before(), carried, input, inputDelta);
    }
    if (at > 0) {
      step.kernels.add(beforeDelta, at, delta, at - size, size);
    }
  }

  private void gateDeltas(int at, int size) {
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
      df[k] = dc * cell.before()[k] * Activation.LOGISTIC.gradient(f);
      later[k - at] = dc * f;
    }
  }

  @Override
  List<ConnectedLayer> parts() {
    return gates.parts();
  }

  @Override
  List<Carried> states() {
    return List.of(state, cell);
  }
}
