package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.kernel.ConvShape;

/**
 * The quirk of Darknet's 1x1 convolutions: they take the image as it lies in memory, row after row,
 * for the matrix (channels, outH * outW), whatever stride and padding say. Value (k, j) of the
 * matrix is number k * outH * outW + j of the image in (c, h, w) order; the backward pass writes
 * there too.
 *
 * @param shape of the convolution over the matrix
 * @param places from (outH, outW, c) to the image
 * @param replaces whether its delta replaces the image's
 * @param gathered (batch, outH, outW, c)
 * @param delta (batch, outH, outW, c)
 */
@SuppressWarnings("ArrayRecordComponent") // its own
record FlatImage(
    ConvShape shape, Places places, boolean replaces, float[] gathered, float[] delta) {
  /** The quirk, where it is switched on and makes a difference. */
  static Optional<FlatImage> of(Site site, ConvShape asked) {
    boolean same = asked.size() > 1 || (asked.stride() == 1 && asked.pad() == 0);
    if (same || !site.has(Quirk.CONV1X1_IGNORES_STRIDE_AND_PADDING)) {
      return Optional.empty();
    }
    if (asked.outH() * asked.outW() > asked.h() * asked.w()) {
      throw site.section()
          .refuse("padding", "makes the original read outside the image; leave it out.");
    }
    Shape in = site.in();
    int cells = asked.outH() * asked.outW();
    int[] from = new int[cells * in.c()];
    int channels = asked.groupChannels();
    for (int c = 0; c < in.c(); c++) {
      // Each group starts at its own channels; within it the matrix is laid over the memory.
      int group = c / channels * channels * in.h() * in.w();
      for (int j = 0; j < cells; j++) {
        from[j * in.c() + c] = in.place(group + c % channels * cells + j);
      }
    }
    return Optional.of(
        new FlatImage(
            ConvShape.of(
                asked.outH(), asked.outW(), in.c(), asked.filters(), 1, 1, 0, asked.groups()),
            new Places(in.count(), from),
            site.has(Quirk.DELTA_REPLACED),
            site.storage().activations(from.length),
            site.storage().trainingActivations(from.length)));
  }

  /** Copies the input into the matrix. */
  float[] gather(Pass pass) {
    places.gather(pass, pass.input, gathered);
    return gathered;
  }

  /** The matrix's delta, set to 0. */
  float[] delta(Pass pass) {
    pass.clear(delta);
    return delta;
  }

  /** Adds the matrix's delta to the input's. */
  void scatter(Pass pass) {
    places.scatter(pass, delta, pass.inputDelta, replaces);
  }
}
