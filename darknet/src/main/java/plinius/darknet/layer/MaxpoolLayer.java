package plinius.darknet.layer;

import plinius.darknet.cfg.Section;
import plinius.kernel.PoolShape;

/**
 * The maximum of each window (darknet maxpool_layer.c at f6afaab). The first window starts at
 * -(padding / 2); the first of equal values wins, counted row by row.
 */
public final class MaxpoolLayer implements Layer {
  private final LayerCommon common;
  private final Shape out;
  private final PoolShape shape;
  private final float[] output; // (batch, outH, outW, c)
  private final float[] delta; // (batch, outH, outW, c)
  private final int[] indexes; // (batch, outH, outW, c): the winner's place within (h, w, c)

  /** A pooling of the output of the layer before. */
  public MaxpoolLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    this.common = common;
    if (!in.image()) {
      throw section.refuse(
          "needs an image from the layer before it, which gives " + in + " values.");
    }
    int stride = section.integer("stride");
    int size = section.has("size") ? section.integer("size") : stride;
    int padding = section.has("padding") ? section.integer("padding") : size - 1;
    if (Math.min(in.h(), in.w()) + padding < size) {
      throw section.refuse(
          "size", "is larger than the padded image, " + in + " with " + padding + ".");
    }
    shape = PoolShape.of(in.h(), in.w(), in.c(), size, stride, padding);
    int lastRow = (shape.outH() - 1) * stride - padding / 2;
    int lastColumn = (shape.outW() - 1) * stride - padding / 2;
    if (padding / 2 >= size || lastRow >= in.h() || lastColumn >= in.w()) {
      throw section.refuse(
          "padding", "leaves windows that lie outside the image, " + in + "; lower it.");
    }
    out = new Shape(shape.outH(), shape.outW(), in.c(), true);
    output = storage.activations(out.count());
    delta = storage.trainingActivations(out.count());
    indexes = storage.indexes(out.count());
  }

  /** (batch, outH, outW, c): where in the image's (h, w, c) each maximum of the last pass lies. */
  public int[] indexes() {
    return indexes;
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard ->
            pass.kernels.maxpoolForward(
                shape,
                pass.input,
                0,
                output,
                0,
                indexes,
                0,
                pass.from(shard),
                pass.from(shard + 1)));
  }

  @Override
  public void backward(Pass pass) {
    if (pass.wantsInputDelta()) {
      pass.run(
          shard ->
              pass.kernels.maxpoolBackward(
                  shape,
                  delta,
                  0,
                  indexes,
                  0,
                  pass.inputDelta,
                  0,
                  pass.from(shard),
                  pass.from(shard + 1)));
    }
  }

  @Override
  public LayerCommon common() {
    return common;
  }

  @Override
  public Shape out() {
    return out;
  }

  @Override
  public float[] output() {
    return output;
  }

  @Override
  public float[] delta() {
    return delta;
  }
}
