package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * Each value stride x stride times (darknet upsample_layer.c, blas.c upsample_cpu at f6afaab); with
 * a negative stride the sum of each block. Both times scale.
 */
class UpsampleLayer extends Layer {
  private final boolean down = section.integer("stride") < 0;
  private final int stride = Math.abs(section.integer("stride"));
  private final float scale = section.decimal("scale");

  UpsampleLayer(Site site) {
    super(site, shape(site.section(), site.image()));
  }

  private static Shape shape(Section section, Shape in) {
    int stride = section.integer("stride");
    if (stride == 0) {
      throw section.refuse("stride", "cannot be 0.");
    }
    if (stride > 0) {
      return new Shape(
          Math.multiplyExact(in.h(), stride), Math.multiplyExact(in.w(), stride), in.c(), true);
    }
    if (in.h() % stride != 0 || in.w() % stride != 0) {
      throw section.refuse("stride", "does not divide the sides of " + in + ".");
    }
    return new Shape(in.h() / -stride, in.w() / -stride, in.c(), true);
  }

  @Override
  public void forward(Pass pass) {
    pass.clear(output);
    each(pass, (i, o) -> output[o] += scale * pass.input[i]);
  }

  @Override
  void addInputDelta(Pass pass) {
    each(pass, (i, o) -> pass.inputDelta[i] += scale * delta[o]);
  }

  /** A task over a value of the input and one of the output that it has to do with. */
  private interface Pair {
    void take(int inputAt, int outputAt);
  }

  private void each(Pass pass, Pair pair) {
    Shape small = down ? out : in;
    int w = small.w() * stride;
    int h = small.h() * stride;
    int c = small.c();
    pass.eachImage(
        image -> {
          for (int i = 0; i < h * w * c; i++) {
            int y = i / c / w / stride;
            int x = i / c % w / stride;
            int coarse = image * small.count() + (y * small.w() + x) * c + i % c;
            int fine = image * h * w * c + i;
            pair.take(down ? fine : coarse, down ? coarse : fine);
          }
        });
  }
}
