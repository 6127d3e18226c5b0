package plinius.owner;

import plinius.dataset.Label;

/**
 * One sample.
 *
 * @param values as the kind of data says: an image's (height, width, channels), row-major, one byte
 *     each, or big-endian numbers; not copied
 * @param label what is known about it
 */
@SuppressWarnings("ArrayRecordComponent") // a hot path's view of the values, compared by no one
public record Sample(byte[] values, Label label) {
  /** An image and its class. */
  public Sample(byte[] pixels, int category) {
    this(pixels, new Label.Category(category));
  }
}
