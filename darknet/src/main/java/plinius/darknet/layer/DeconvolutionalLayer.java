package plinius.darknet.layer;

import java.util.Arrays;
import plinius.darknet.cfg.Section;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * A convolution run backward (darknet deconvolutional_layer.c at f6afaab): output and input change
 * places. Weights are (size, size, filters, channels), channels contiguous; Darknet has (channels,
 * filters, size, size).
 */
final class DeconvolutionalLayer extends WeightedLayer {
  private final float initialScale;
  private final float[] product; // (batch, in): what is added to the input's delta

  DeconvolutionalLayer(Site site) {
    ConvShape back = shape(site.section(), site.image()); // from output to input
    Shape out = new Shape(back.h(), back.w(), back.c(), true);
    int size = back.size();
    super(site, out, site.activation(), back, size, size, back.c(), back.filters());
    initialScale = .02f * ((float) out.w() * out.h() / (in.w() * in.h()));
    product = storage.trainingActivations(in.count());
  }

  private static ConvShape shape(Section section, Shape in) {
    int size = section.integer("size");
    int stride = section.integer("stride");
    int pad = section.flag("pad") ? size / 2 : section.integer("padding");
    int filters = section.integer("filters");
    long h = (in.h() - 1L) * stride + size - 2L * pad;
    long w = (in.w() - 1L) * stride + size - 2L * pad;
    if (h < 1 || w < 1) {
      throw section.refuse("padding", "leaves nothing of the image, " + in + "; lower it.");
    }
    if ((long) size * size * in.c() * filters > 1 << 29 || h * w * filters > 1 << 29) {
      throw section.refuse("filters", "makes more than 2^29 weights or outputs.");
    }
    return new ConvShape((int) h, (int) w, filters, in.c(), size, stride, pad, 1);
  }

  @Override
  public void forward(Pass pass) {
    float[] target = biases.target(pass);
    int values = out.count();
    float[] ready = prepared.backward(pass, storage.block(), weights.at());
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          Arrays.fill(target, from * values, to * values, 0);
          pass.kernels.convBackwardData(shape, pass.input, 0, ready, target, 0, from, to);
          biases.gather(pass, from, to);
        });
    activate(pass);
  }

  @Override
  public void backward(Pass pass) {
    foldDelta(pass);
    boolean wanted = pass.wantsInputDelta();
    int values = shape.outputs();
    float[] ready = prepared.forward(pass, storage.block(), weights.at());
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          biases.foldDelta(pass, from, to);
          if (wanted) {
            pass.kernels.convForward(shape, delta, 0, ready, product, 0, from, to);
            pass.kernels.add(
                product, from * values, pass.inputDelta, from * values, (to - from) * values);
          }
        });
    WeightUpdates.add(pass, shape, delta, pass.input, storage.block(), weights.updatesAt());
  }

  @Override
  float initial(CounterRandom random, int i) {
    return initialScale * normal(random, i);
  }
}
