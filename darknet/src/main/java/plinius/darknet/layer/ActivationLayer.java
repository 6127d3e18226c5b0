package plinius.darknet.layer;

import plinius.kernel.Activation;

/** An activation as a layer of its own (darknet activation_layer.c at f6afaab). */
class ActivationLayer extends Layer {
  private final Activation activation = site.activation();

  ActivationLayer(Site site) {
    super(site, site.in());
  }

  @Override
  public void forward(Pass pass) {
    activateInput(pass, activation);
  }

  @Override
  public void backward(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> pass.kernels.gradient(activation, output, from, delta, from, to - from));
    passDeltaOn(pass);
  }
}
