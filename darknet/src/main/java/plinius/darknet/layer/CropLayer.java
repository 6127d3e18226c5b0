package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * A part of the image, moved into [-1, 1] unless noadjust=1 (darknet crop_layer.c at f6afaab): the
 * middle, or while training one random part, perhaps mirrored, for the whole sub-batch. Hands no
 * delta back.
 */
public final class CropLayer extends Layer {
  private final boolean flip = section.flag("flip");
  private final boolean adjust = !section.flag("noadjust");

  CropLayer(Site site) {
    super(site, shape(site.section(), site.image()));
  }

  private static Shape shape(Section section, Shape in) {
    int h = section.integer("crop_height");
    int w = section.integer("crop_width");
    if (h > in.h() || w > in.w()) {
      throw section.refuse("asks for " + h + "x" + w + " of an image of " + in + ".");
    }
    return new Shape(h, w, in.c(), true);
  }

  @Override
  public void forward(Pass pass) {
    boolean flipped = pass.training && flip && draw(pass, 0, 2) == 1;
    int spareH = in.h() - out.h();
    int spareW = in.w() - out.w();
    int top = pass.training ? draw(pass, 1, spareH + 1) : spareH / 2;
    int left = pass.training ? draw(pass, 2, spareW + 1) : spareW / 2;
    pass.eachImage(
        image -> {
          for (int i = 0; i < out.count(); i++) {
            int y = i / out.c() / out.w() + top;
            int x = i / out.c() % out.w() + left;
            int column = flipped ? in.w() - x - 1 : x;
            int from = (y * in.w() + column) * in.c() + i % out.c();
            float value = pass.input[image * in.count() + from];
            output[image * out.count() + i] = adjust ? value * 2 - 1 : value;
          }
        });
  }

  /** One of n numbers, the same for all images of the sub-batch. */
  private int draw(Pass pass, int which, int n) {
    long place = (long) pass.moment.firstImage() * 3 + which;
    return (int) (pass.means.draws().uniform(index(), pass.moment.iteration(), place) * n);
  }
}
