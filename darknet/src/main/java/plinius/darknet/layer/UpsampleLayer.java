package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * Each value stride x stride times (darknet upsample_layer.c, blas.c upsample_cpu at f6afaab); with
 * a negative stride the sum of each block. Both times scale.
 */
final class UpsampleLayer extends Layer {
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
    if (down) {
      addCoarse(pass, pass.input, output, out);
    } else {
      addFine(pass, pass.input, output, in);
    }
  }

  @Override
  void addInputDelta(Pass pass) {
    if (down) {
      addFine(pass, delta, pass.inputDelta, out);
    } else {
      addCoarse(pass, delta, pass.inputDelta, in);
    }
  }

  private void addFine(Pass pass, float[] coarse, float[] fine, Shape small) {
    each(pass, small, (c, f) -> fine[f] += scale * coarse[c]);
  }

  private void addCoarse(Pass pass, float[] fine, float[] coarse, Shape small) {
    each(pass, small, (c, f) -> coarse[c] += scale * fine[f]);
  }

  /** A task over a value of the small image and one of the large. */
  private interface Pair {
    void take(int coarse, int fine);
  }

  private void each(Pass pass, Shape small, Pair pair) {
    int w = small.w() * stride;
    int h = small.h() * stride;
    int c = small.c();
    pass.eachImage(
        image -> {
          for (int i = 0; i < h * w * c; i++) {
            int y = i / c / w / stride;
            int x = i / c % w / stride;
            int coarse = image * small.count() + (y * small.w() + x) * c + i % c;
            pair.take(coarse, image * h * w * c + i);
          }
        });
  }

  @Override
  public boolean replacesInputDelta() {
    return down;
  }
}
