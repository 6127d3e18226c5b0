package plinius.kernel;

/**
 * The shape of a convolution over images in NHWC order.
 *
 * <p>Input (h, w, c), output (outH, outW, filters), weights (size, size, c / groups, filters) with
 * the filters contiguous: that is also the order in which weights are mirrored and digested. A
 * fully connected layer is the convolution of a 1 x 1 image.
 */
public record ConvShape(
    int h, int w, int c, int filters, int size, int stride, int pad, int groups) {

  public ConvShape {
    if (h < 1 || w < 1 || c < 1 || filters < 1 || size < 1 || stride < 1 || pad < 0 || groups < 1) {
      throw new IllegalArgumentException(
          "a convolution needs positive sizes, got h %d, w %d, c %d, filters %d, size %d, stride %d, pad %d, groups %d"
              .formatted(h, w, c, filters, size, stride, pad, groups));
    }
    if (c % groups != 0 || filters % groups != 0) {
      throw new IllegalArgumentException(
          "%d channels and %d filters cannot be split into %d groups"
              .formatted(c, filters, groups));
    }
    int outH = out(h, size, stride, pad);
    int outW = out(w, size, stride, pad);
    if (outH < 1 || outW < 1) {
      throw new IllegalArgumentException(
          "a filter of size %d finds no place in an image of %d x %d with padding %d"
              .formatted(size, h, w, pad));
    }
    long padded = (long) Math.max(h, outH) * (w + 2L * pad + 2L * size) * Math.max(c, filters);
    if (padded > Integer.MAX_VALUE || (long) size * size * (c / groups) * filters > 1 << 30) {
      throw new IllegalArgumentException(
          "an image of %d x %d x %d or weights of %d x %d x %d x %d are more than an array holds"
              .formatted(h, w, c, size, size, c / groups, filters));
    }
  }

  /** A fully connected layer: every input to every output. */
  public static ConvShape connected(int inputs, int outputs) {
    return new ConvShape(1, 1, inputs, outputs, 1, 1, 0, 1);
  }

  /** The size of the output along one axis, as Darknet has it. */
  private static int out(int in, int size, int stride, int pad) {
    return (in + 2 * pad - size) / stride + 1;
  }

  public int outH() {
    return out(h, size, stride, pad);
  }

  public int outW() {
    return out(w, size, stride, pad);
  }

  public int inputs() {
    return h * w * c;
  }

  public int outputs() {
    return outH() * outW() * filters;
  }

  public int weights() {
    return size * size * (c / groups) * filters;
  }

  public int groupChannels() {
    return c / groups;
  }

  public int groupFilters() {
    return filters / groups;
  }
}
