package plinius.kernel;

/**
 * The shape of a max pooling, as Darknet's maxpool_layer.c make_maxpool_layer computes it: out =
 * (in + padding - size) / stride + 1, and the first window starts at -(padding / 2). Images are in
 * NHWC order.
 *
 * @param h rows of the input
 * @param w columns of the input
 * @param c channels of input and output
 * @param outH rows of the output
 * @param outW columns of the output
 * @param size rows and columns of a window, in pixels
 * @param stride pixels from one window to the next
 * @param padding pixels around the input, both sides together
 */
public record PoolShape(
    int h, int w, int c, int outH, int outW, int size, int stride, int padding) {

  /**
   * Refuses a shape that makes no pooling.
   *
   * @throws IllegalArgumentException if a length is not positive (padding: negative), or an array
   *     does not hold one image's input or output
   */
  public PoolShape {
    if (h < 1 || w < 1 || c < 1 || outH < 1 || outW < 1 || size < 1 || stride < 1 || padding < 0) {
      throw new IllegalArgumentException(
          "a pooling needs positive sizes, got h %d, w %d, c %d, out %d x %d, size %d, stride %d, padding %d"
              .formatted(h, w, c, outH, outW, size, stride, padding));
    }
    Ranges.array("input", h, w, c);
    Ranges.array("output", outH, outW, c);
  }

  /**
   * The pooling of an image, as large as Darknet makes it.
   *
   * @throws IllegalArgumentException as the constructor does
   */
  public static PoolShape of(int h, int w, int c, int size, int stride, int padding) {
    int outH = (h + padding - size) / stride + 1;
    int outW = (w + padding - size) / stride + 1;
    return new PoolShape(h, w, c, outH, outW, size, stride, padding);
  }

  /** Values of an image's input. */
  public int inputs() {
    return h * w * c;
  }

  /** Values of an image's output. */
  public int outputs() {
    return outH * outW * c;
  }
}
