package plinius.darknet.layer;

import java.util.List;
import plinius.kernel.Activation;

/**
 * Gated recurrent units (darknet gru_layer.c at f6afaab, backward as in its CUDA part): z = s(uz(x)
 * + wz(h)), r = s(ur(x) + wr(h)), n = a(uh(x) + wh(r h)), h = z h + (1 - z) n with s the logistic
 * and a the logistic or, with tanh=1, the tangent. The state goes on from batch to batch, and so is
 * mirrored.
 */
class GruLayer extends RecurrentLayer {
  private final Gates gates = new Gates(site, "wz", "wr", "wh", "uz", "ur", "uh");
  private final Activation candidate = section.flag("tanh") ? Activation.TANH : Activation.LOGISTIC;
  private final Carried state = Carried.trained(site, "state", out.count(), output);
  private final float[] forgot = storage.activations(out.count()); // (steps, streams, outputs)
  private final float[] z = storage.activations(out.count());
  private final float[] r = storage.activations(out.count());
  private final float[] n = storage.activations(out.count());
  private final float[] beforeDelta = storage.trainingActivations(out.count());
  private final float[] forgotDelta = storage.trainingActivations(out.count());

  GruLayer(Site site) {
    super(site, Shape.flat(site.section().integer("output")));
  }

  @Override
  void forward(Pass step, float[] input, int at, int size) {
    float[] before = state.before();
    gates.forward("z", step, before, input);
    gates.forward("r", step, before, input);
    gates.sum("z", Activation.LOGISTIC, z, at, size);
    gates.sum("r", Activation.LOGISTIC, r, at, size);
    for (int i = at; i < at + size; i++) {
      forgot[i] = before[i] * r[i];
    }
    gates.forward("h", step, forgot, input);
    gates.sum("h", candidate, n, at, size);
    for (int i = at; i < at + size; i++) {
      output[i] = z[i] * before[i] + (1 - z[i]) * n[i];
    }
  }

  @Override
  public void backward(Pass pass) {
    pass.clear(forgotDelta);
    backward(pass, pass.input, pass.inputDelta);
  }

  @Override
  void backward(Pass step, float[] input, float[] inputDelta, int at, int size) {
    float[] before = state.before();
    float[] dz = gates.delta("z");
    float[] dr = gates.delta("r");
    float[] dn = gates.delta("h");
    for (int i = at; i < at + size; i++) {
      beforeDelta[i] = delta[i] * z[i];
      dn[i] = delta[i] * (1 - z[i]) * candidate.gradient(n[i]);
      dz[i] = delta[i] * (before[i] - n[i]) * Activation.LOGISTIC.gradient(z[i]);
    }
    gates.share("h", at, size);
    gates.backward("h", step, forgot, forgotDelta, input, inputDelta);
    for (int i = at; i < at + size; i++) {
      beforeDelta[i] += forgotDelta[i] * r[i];
      dr[i] = forgotDelta[i] * before[i] * Activation.LOGISTIC.gradient(r[i]);
    }
    gates.share("r", at, size);
    gates.share("z", at, size);
    gates.backward("r", step, before, beforeDelta, input, inputDelta);
    gates.backward("z", step, before, beforeDelta, input, inputDelta);
    if (at > 0) {
      step.kernels.add(beforeDelta, at, delta, at - size, size);
    }
  }

  @Override
  List<ConnectedLayer> parts() {
    return gates.parts();
  }

  @Override
  List<Carried> states() {
    return List.of(state);
  }
}
