package plinius.dataset;

/**
 * One image and its class.
 *
 * @param pixels (height, width, channels), row-major, one byte each, 0 to 255; not copied
 * @param label the class, from 0
 */
@SuppressWarnings("ArrayRecordComponent") // a hot path's view of the pixels, compared by no one
public record Sample(byte[] pixels, int label) {
  public Sample {
    if (label < 0) {
      throw new IllegalArgumentException("a label is 0 or more, got " + label);
    }
  }
}
