package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * The shape of one image's activations, stored as (h, w, c) with the channels contiguous.
 *
 * @param h rows
 * @param w columns
 * @param c channels
 * @param image whether layers that need an image may read it; Darknet sets h = w = c = 0 otherwise
 */
public record Shape(int h, int w, int c, boolean image) {
  /** A list of values that is not an image. */
  public static Shape flat(int count) {
    return new Shape(1, 1, count, false);
  }

  /** Refuses a section that needs an image where there is none. */
  void requireImage(Section section) {
    if (!image) {
      throw section.refuse(
          "needs an image from the layer before it, which gives " + this + " values.");
    }
  }

  /** The same values, which no layer may read that needs an image. */
  Shape asList() {
    return new Shape(h, w, c, false);
  }

  /** Number of values. */
  public int count() {
    return Math.multiplyExact(Math.multiplyExact(h, w), c);
  }

  /** Where a value that Darknet has at place {@code chw} of its (c, h, w) order lies in ours. */
  public int place(int chw) {
    int channel = chw / (h * w);
    return chw % (h * w) * c + channel;
  }

  /** The other way round: where a value that lies at place {@code hwc} is in Darknet's order. */
  int chw(int hwc) {
    return hwc % c * (h * w) + hwc / c;
  }

  @Override
  public String toString() {
    return h + "x" + w + "x" + c;
  }
}
