package plinius.darknet.layer;

import plinius.darknet.cfg.Section;
import plinius.kernel.PoolShape;

/**
 * The maximum of each window (darknet maxpool_layer.c at f6afaab). The first window starts at
 * -(padding / 2); the first of equal values wins, counted row by row. A window that lies outside
 * the image gives -Float.MAX_VALUE and hands no delta back, where the original writes before its
 * buffer.
 */
public final class MaxpoolLayer extends Layer {
  /** Images at a time, so that they are still in the cache for what else is done to them. */
  public static final int BLOCK = 2;

  private final PoolShape shape;

  /** (batch, outH, outW, c): where in the image's (h, w, c) each maximum of the last pass lies. */
  final int[] indexes = storage.indexes(out.count());

  MaxpoolLayer(Site site) {
    PoolShape asked = shape(site.section(), site.image());
    super(site, new Shape(asked.outH(), asked.outW(), asked.c(), true));
    shape = asked;
  }

  private static PoolShape shape(Section section, Shape in) {
    int stride = section.integer("stride");
    int size = section.has("size") ? section.integer("size") : stride;
    int padding = section.has("padding") ? section.integer("padding") : size - 1;
    if (Math.min(in.h(), in.w()) + padding < size) {
      throw section.refuse(
          "size", "is larger than the padded image, " + in + " with " + padding + ".");
    }
    return PoolShape.of(in.h(), in.w(), in.c(), size, stride, padding);
  }

  @Override
  public boolean inBlocks() {
    return true;
  }

  @Override
  public void forward(Pass pass) {
    pass.runBlocks(
        BLOCK,
        (from, to) -> {
          float[] x = pass.inputBlock(from, to, shape.inputs());
          int xAt = pass.inputAt(from, shape.inputs());
          int at = from * shape.outputs();
          pass.kernels.maxpoolForward(shape, x, xAt, output, at, indexes, at, 0, to - from);
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    pass.runBlocks(
        BLOCK,
        (from, to) -> {
          pass.beforeAdding(from, to);
          pass.kernels.maxpoolBackward(shape, delta, 0, indexes, 0, pass.inputDelta, 0, from, to);
          if (pass.wantsInputBlock()) {
            float[] x = pass.inputBlock(from, to, shape.inputs());
            pass.deltaComplete(from, to, x, pass.inputAt(from, shape.inputs()));
          }
        });
  }
}
