package plinius.darknet.layer;

import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/** An activation as a layer of its own (darknet activation_layer.c at f6afaab). */
public final class ActivationLayer extends Layer {
  private final Activation activation;

  /** An activation of the output of the layer before. */
  public ActivationLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    super(common, in, storage);
    activation = Activation.named(section.word("activation")).orElseThrow();
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int count = pass.from(shard + 1) * out.count() - from;
          System.arraycopy(pass.input, from, output, from, count);
          pass.kernels.activate(activation, output, from, count);
        });
  }

  @Override
  public void backward(Pass pass) {
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int count = pass.from(shard + 1) * out.count() - from;
          pass.kernels.gradient(activation, output, from, delta, from, count);
          if (pass.wantsInputDelta()) {
            pass.kernels.add(delta, from, pass.inputDelta, from, count);
          }
        });
  }

  @Override
  public boolean replacesInputDelta() {
    return true;
  }
}
