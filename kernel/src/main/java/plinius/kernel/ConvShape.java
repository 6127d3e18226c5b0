package plinius.kernel;

/**
 * The shape of a convolution over images in NHWC order.
 *
 * <p>Input (h, w, c), output (outH, outW, filters), weights (size, size, c / groups, filters) with
 * the filters contiguous: that is also the order in which weights are mirrored and digested. A
 * fully connected layer is the convolution of a 1 x 1 image.
 *
 * @param h rows of the input
 * @param w columns of the input
 * @param c channels of the input, a multiple of groups
 * @param filters channels of the output, a multiple of groups
 * @param size rows and columns of a filter, in pixels
 * @param stride pixels from one place of a filter to the next
 * @param pad pixels of zeros on each side of the input
 * @param groups of channels and filters, each convolved for itself
 */
public record ConvShape(
    int h, int w, int c, int filters, int size, int stride, int pad, int groups) {

  /**
   * Refuses a shape that makes no convolution.
   *
   * @throws IllegalArgumentException if a length is not positive (pad: negative), groups do not
   *     divide, a filter finds no place, or an array does not hold the weights or one image's
   *     padded input, output or padded delta
   */
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
    if (Math.min(h, w) + 2L * pad < size) {
      throw new IllegalArgumentException(
          "a filter of size %d finds no place in an image of %d x %d with padding %d"
              .formatted(size, h, w, pad));
    }
    long outH = out(h, size, stride, pad);
    Ranges.array("weights", (long) size * size, c / groups, filters);
    Ranges.array("padded input", h, w + 2L * pad, c);
    Ranges.array("output", outH, out(w, size, stride, pad), filters);
    Ranges.array("padded delta", outH, w + 2L * size, filters);
  }

  /** A fully connected layer: every input to every output. */
  public static ConvShape connected(int inputs, int outputs) {
    return new ConvShape(1, 1, inputs, outputs, 1, 1, 0, 1);
  }

  /** The size of the output along one axis, as Darknet has it. */
  private static long out(int in, int size, int stride, int pad) {
    return (in + 2L * pad - size) / stride + 1;
  }

  /** Rows of the output. */
  public int outH() {
    return (int) out(h, size, stride, pad);
  }

  /** Columns of the output. */
  public int outW() {
    return (int) out(w, size, stride, pad);
  }

  /** Values of an image's input. */
  public int inputs() {
    return h * w * c;
  }

  /** Values of an image's output. */
  public int outputs() {
    return outH() * outW() * filters;
  }

  /** Values of all filters. */
  public int weights() {
    return size * size * (c / groups) * filters;
  }

  /** Channels that a filter sees. */
  public int groupChannels() {
    return c / groups;
  }

  /** Filters that see the same channels. */
  public int groupFilters() {
    return filters / groups;
  }
}
