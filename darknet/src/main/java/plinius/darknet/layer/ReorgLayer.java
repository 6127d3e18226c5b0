package plinius.darknet.layer;

import java.util.Arrays;
import plinius.darknet.cfg.Section;

/**
 * The values in another order (darknet reorg_layer.c, blas.c reorg_cpu, flatten at f6afaab): places
 * to channels, or with reverse=1 back; with flatten=1 the channels of each place together; with
 * extra=n a list with n zeros behind. The order is Darknet's own: it takes the channels for groups
 * of channels / stride^2.
 */
class ReorgLayer extends Layer {
  private final int stride = section.integer("stride");
  private final boolean reverse = section.flag("reverse");
  private final boolean flatten = section.flag("flatten");
  private final int[] from = new int[out.count()]; // where each value stands in the input, or -1

  ReorgLayer(Site site) {
    super(site, shape(site.section(), site.image()));
    Arrays.fill(from, -1);
    for (int i = 0; i < in.count(); i++) {
      int other = other(i);
      from[out.place(reverse ? other : i)] = in.place(reverse ? i : other);
    }
  }

  /**
   * From a place of the output to one of the input, or with reverse=1 the other way round, both in
   * Darknet's (c, h, w) order.
   */
  private int other(int i) {
    if (flatten) {
      return i % in.c() * (in.h() * in.w()) + i / in.c();
    }
    return out.count() == in.count() ? fine(in, stride, i) : i;
  }

  private static Shape shape(Section section, Shape in) {
    int stride = section.integer("stride");
    int extra = section.integer("extra");
    int square = Math.multiplyExact(stride, stride);
    if (extra > 0) {
      return Shape.flat(Math.addExact(in.count(), section.flag("flatten") ? 0 : extra));
    }
    boolean reverse = section.flag("reverse");
    if ((reverse || !section.flag("flatten")) && in.c() % square != 0) {
      throw section.refuse("stride", "squared does not divide the channels of " + in + ".");
    }
    if (reverse) {
      return new Shape(in.h() * stride, in.w() * stride, in.c() / square, true);
    }
    if (in.h() % stride != 0 || in.w() % stride != 0) {
      throw section.refuse("stride", "does not divide the sides of " + in + ".");
    }
    return new Shape(in.h() / stride, in.w() / stride, in.c() * square, true);
  }

  /** Place i of (c, h, w) in the finer image (c / stride^2, h * stride, w * stride). */
  private static int fine(Shape in, int stride, int i) {
    int fewer = in.c() / (stride * stride);
    int k = i / (in.h() * in.w());
    int y = i / in.w() % in.h() * stride + k / fewer / stride;
    int x = i % in.w() * stride + k / fewer % stride;
    return x + in.w() * stride * (y + in.h() * stride * (k % fewer));
  }

  @Override
  public void forward(Pass pass) {
    pass.eachImage(
        image -> {
          for (int i = 0; i < from.length; i++) {
            int at = image * in.count() + from[i];
            output[image * from.length + i] = from[i] < 0 ? 0 : pass.input[at];
          }
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    pass.eachImage(
        image -> {
          for (int i = 0; i < from.length; i++) {
            if (from[i] >= 0) {
              pass.inputDelta[image * in.count() + from[i]] += delta[image * from.length + i];
            }
          }
        });
  }
}
