package plinius.darknet.layer;

import java.util.Arrays;
import java.util.List;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/**
 * Gated recurrent units (darknet gru_layer.c at f6afaab, backward as in its CUDA part): z = s(uz(x)
 * + wz(h)), r = s(ur(x) + wr(h)), n = a(uh(x) + wh(r h)), h = z h + (1 - z) n with s the logistic
 * and a the logistic or, with tanh=1, the tangent. The state goes on from batch to batch, and so is
 * mirrored.
 */
public final class GruLayer extends Layer {
  private final Storage storage;
  private final Gates gates;
  private final int steps;
  private final Activation candidate;
  private final boolean learns;
  private final Slot state; // (streams, outputs), of training
  private final float[] predicting; // the same of predictions
  private final float[] before; // (steps, streams, outputs): the state before each step
  private final float[] forgot; // r h
  private final float[] z;
  private final float[] r;
  private final float[] n;
  private final float[] beforeDelta;
  private final float[] forgotDelta;

  /** A recurrent layer behind the output of the layer before. */
  public GruLayer(LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    super(common, Shape.flat(section.integer("output")), storage);
    this.storage = storage;
    gates = new Gates(common, section, in, List.of("wz", "wr", "wh", "uz", "ur", "uh"), storage);
    steps = storage.timeSteps();
    candidate = section.flag("tanh") ? Activation.TANH : Activation.LOGISTIC;
    learns = !quirks.has(Quirk.GRU_NOT_TRAINED);
    int streams = storage.batch() / steps;
    state = storage.slot(common.name() + ".state", Slot.Role.STATE, streams, out.count());
    predicting = new float[streams * out.count()];
    before = storage.activations(out.count());
    forgot = storage.activations(out.count());
    z = storage.activations(out.count());
    r = storage.activations(out.count());
    n = storage.activations(out.count());
    beforeDelta = storage.trainingActivations(out.count());
    forgotDelta = storage.trainingActivations(out.count());
  }

  @Override
  public void forward(Pass pass) {
    int streams = pass.images / steps;
    int size = streams * out.count();
    float[] carried = pass.training ? storage.block() : predicting;
    int carriedAt = pass.training ? state.offset() : 0;
    System.arraycopy(carried, carriedAt, before, 0, size);
    for (int t = 0; t < steps; t++) {
      Pass step = pass.timeStep(t, streams);
      int at = t * size;
      if (t > 0) {
        System.arraycopy(output, at - size, before, at, size);
      }
      gates.forward("wz", step, before);
      gates.forward("wr", step, before);
      gates.forward("uz", step, pass.input);
      gates.forward("ur", step, pass.input);
      gates.forward("uh", step, pass.input);
      gates.sum("z", Activation.LOGISTIC, z, at, size);
      gates.sum("r", Activation.LOGISTIC, r, at, size);
      for (int i = at; i < at + size; i++) {
        forgot[i] = before[i] * r[i];
      }
      gates.forward("wh", step, forgot);
      gates.sum("h", candidate, n, at, size);
      for (int i = at; i < at + size; i++) {
        output[i] = z[i] * before[i] + (1 - z[i]) * n[i];
      }
    }
    System.arraycopy(output, (steps - 1) * size, carried, carriedAt, size);
  }

  @Override
  public void backward(Pass pass) {
    if (!learns) {
      return;
    }
    int streams = pass.images / steps;
    int size = streams * out.count();
    pass.clear(forgotDelta);
    for (int t = steps - 1; t >= 0; t--) {
      Pass step = pass.timeStep(t, streams);
      int at = t * size;
      float[] dz = gates.delta("z");
      float[] dr = gates.delta("r");
      float[] dn = gates.delta("h");
      for (int i = at; i < at + size; i++) {
        beforeDelta[i] = delta[i] * z[i];
        dn[i] = delta[i] * (1 - z[i]) * candidate.gradient(n[i]);
        dz[i] = delta[i] * (before[i] - n[i]) * Activation.LOGISTIC.gradient(z[i]);
      }
      gates.share("h", at, size);
      gates.backward("wh", step, forgot, forgotDelta);
      for (int i = at; i < at + size; i++) {
        beforeDelta[i] += forgotDelta[i] * r[i];
        dr[i] = forgotDelta[i] * before[i] * Activation.LOGISTIC.gradient(r[i]);
      }
      gates.share("r", at, size);
      gates.share("z", at, size);
      gates.backward("wr", step, before, beforeDelta);
      gates.backward("wz", step, before, beforeDelta);
      for (String name : List.of("uh", "ur", "uz")) {
        gates.backward(name, step, pass.input, pass.inputDelta);
      }
      if (t > 0) {
        pass.kernels.add(beforeDelta, at, delta, at - size, size);
      }
    }
  }

  @Override
  List<? extends WeightedLayer> parts() {
    return gates.parts();
  }

  @Override
  public void forget() {
    Arrays.fill(predicting, 0);
  }
}
