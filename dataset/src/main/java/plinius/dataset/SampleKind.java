package plinius.dataset;

/**
 * The shape that all samples of a data set share.
 *
 * @param data what they are
 * @param classes that labels tell apart; 1 where there are none
 * @param slots boxes that a label has room for, or numbers of a target; 1 for all other kinds
 */
public record SampleKind(
    DataKind data, int height, int width, int channels, int classes, int slots) {
  /** The most bytes of a sample's values: an image of 2048 x 2048 in colour. */
  public static final int VALUE_BYTES_MAX = 12 << 20;

  /** The most classes. */
  public static final int CLASSES_MAX = 1 << 20;

  /** The most boxes, or targets. */
  public static final int SLOTS_MAX = 1 << 12;

  public SampleKind {
    if (height < 1 || width < 1 || channels < 1 || classes < 1 || slots < 1) {
      throw new DataSetException.BadInput(
          "height, width, channels, classes and label slots are 1 or more, got %s and %d"
              .formatted(text(height, width, channels, classes), slots));
    }
    requireAtMost("classes", classes, CLASSES_MAX);
    requireAtMost("label slots", slots, SLOTS_MAX);
    // Each factor below 2^31: two at a time cannot overflow a long.
    long plane = (long) height * width;
    if (plane > VALUE_BYTES_MAX || plane * channels * data.elementBytes() > VALUE_BYTES_MAX) {
      throw new DataSetException.BadInput(
          "a sample has at most %d bytes, got %s"
              .formatted(VALUE_BYTES_MAX, text(height, width, channels, classes)));
    }
    boolean withSlots = data == DataKind.SCENES || data == DataKind.REGRESSION;
    boolean flat = data == DataKind.TEXT ? height == 1 && channels == 1 : height == 1 && width == 1;
    if ((!withSlots && slots != 1) || !(flat || data.image())) {
      throw new DataSetException.BadInput(
          data + " cannot be of " + text(height, width, channels, classes) + " with " + slots);
    }
  }

  /** Images of one class each. */
  public SampleKind(int height, int width, int channels, int classes) {
    this(DataKind.IMAGES, height, width, channels, classes, 1);
  }

  private static void requireAtMost(String what, int count, int most) {
    if (count > most) {
      throw new DataSetException.BadInput(
          "a data set has at most " + most + " " + what + ", got " + count);
    }
  }

  private static String text(int height, int width, int channels, int classes) {
    return height + " x " + width + " x " + channels + " in " + classes + " classes";
  }

  /** Values of a sample. */
  public int values() {
    return height * width * channels;
  }

  /** Bytes of a sample's values. */
  public int valueBytes() {
    return values() * data.elementBytes();
  }

  /** Bytes of a sample's label. */
  public int labelBytes() {
    return switch (data) {
      case IMAGES, VECTORS, TEXT -> Integer.BYTES;
      case SCENES -> Integer.BYTES + slots * Label.BOX_BYTES;
      case REGRESSION -> slots * Float.BYTES;
    };
  }

  @Override
  public String toString() {
    return text(height, width, channels, classes);
  }
}
