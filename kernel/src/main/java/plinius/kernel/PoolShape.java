package plinius.kernel;

/**
 * The shape of a max pooling, as Darknet's maxpool_layer.c make_maxpool_layer computes it: out =
 * (in + padding - size) / stride + 1, and the first window starts at -(padding / 2).
 */
public record PoolShape(
    int h, int w, int c, int outH, int outW, int size, int stride, int padding) {

  public PoolShape {
    if (h < 1 || w < 1 || c < 1 || outH < 1 || outW < 1 || size < 1 || stride < 1 || padding < 0) {
      throw new IllegalArgumentException(
          "a pooling needs positive sizes, got h %d, w %d, c %d, out %d x %d, size %d, stride %d, padding %d"
              .formatted(h, w, c, outH, outW, size, stride, padding));
    }
  }

  public static PoolShape of(int h, int w, int c, int size, int stride, int padding) {
    int outH = (h + padding - size) / stride + 1;
    int outW = (w + padding - size) / stride + 1;
    return new PoolShape(h, w, c, outH, outW, size, stride, padding);
  }

  public int inputs() {
    return h * w * c;
  }

  public int outputs() {
    return outH * outW * c;
  }
}
