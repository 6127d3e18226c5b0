package plinius.dataset;

/** The shape that all samples of a data set share. */
public record SampleKind(int height, int width, int channels, int classes) {
  /** The most pixel bytes of a sample: with its label, one record of 256 KiB. */
  public static final int PIXEL_BYTES_MAX = 256 * 1024 - DataLayout.LABEL_BYTES;

  /** The most classes. */
  public static final int CLASSES_MAX = 1 << 20;

  public SampleKind {
    if (height < 1 || width < 1 || channels < 1 || classes < 1) {
      throw new DataSetException.BadInput(
          "height, width, channels and classes are 1 or more, got "
              + text(height, width, channels, classes));
    }
    if (classes > CLASSES_MAX) {
      throw new DataSetException.BadInput(
          "a data set has at most " + CLASSES_MAX + " classes, got " + classes);
    }
    // Each factor below 2^31: two at a time cannot overflow a long.
    if ((long) height * width > PIXEL_BYTES_MAX
        || (long) height * width * channels > PIXEL_BYTES_MAX) {
      throw new DataSetException.BadInput(
          "a sample has at most "
              + PIXEL_BYTES_MAX
              + " bytes of pixels, got "
              + text(height, width, channels, classes));
    }
  }

  private static String text(int height, int width, int channels, int classes) {
    return height + " x " + width + " x " + channels + " in " + classes + " classes";
  }

  /** Bytes of a sample's pixels. */
  public int pixelBytes() {
    return height * width * channels;
  }

  @Override
  public String toString() {
    return text(height, width, channels, classes);
  }
}
