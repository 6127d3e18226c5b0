package plinius.darknet.layer;

import java.util.Arrays;
import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.ConvShape;

/**
 * The quirk of Darknet's 1x1 convolutions: they take the image as it lies in memory, row after row,
 * for the matrix (channels, outH * outW), whatever stride and padding say. Value (k, j) of the
 * matrix is number k * outH * outW + j of the image in (c, h, w) order; the backward pass writes
 * there too.
 */
final class FlatImage {
  private final ConvShape shape;
  private final int imageValues;
  private final boolean replaces;
  private final int[] places; // (outH, outW, c): where each value lies in the image
  private final float[] gathered; // (batch, outH, outW, c)
  private final float[] delta; // (batch, outH, outW, c)

  private FlatImage(ConvShape asked, Shape in, boolean replaces, Storage storage) {
    this.replaces = replaces;
    int cells = asked.outH() * asked.outW();
    shape =
        ConvShape.of(asked.outH(), asked.outW(), in.c(), asked.filters(), 1, 1, 0, asked.groups());
    imageValues = in.count();
    places = new int[cells * in.c()];
    int channels = asked.groupChannels();
    for (int c = 0; c < in.c(); c++) {
      // Each group starts at its own channels; within it the matrix is laid over the memory.
      int group = c / channels * channels * in.h() * in.w();
      for (int j = 0; j < cells; j++) {
        places[j * in.c() + c] = in.place(group + c % channels * cells + j);
      }
    }
    gathered = storage.activations(places.length);
    delta = storage.trainingActivations(places.length);
  }

  /** The quirk, where it is switched on and makes a difference. */
  static Optional<FlatImage> of(ConvShape asked, Section section, Quirks quirks, Storage storage) {
    boolean same = asked.size() > 1 || (asked.stride() == 1 && asked.pad() == 0);
    if (same || !quirks.has(Quirk.CONV1X1_IGNORES_STRIDE_AND_PADDING)) {
      return Optional.empty();
    }
    Shape in = new Shape(asked.h(), asked.w(), asked.c(), true);
    if (asked.outH() * asked.outW() > in.h() * in.w()) {
      throw section.refuse("padding", "makes the original read outside the image; leave it out.");
    }
    return Optional.of(new FlatImage(asked, in, quirks.has(Quirk.DELTA_REPLACED), storage));
  }

  /** The convolution over the matrix. */
  ConvShape shape() {
    return shape;
  }

  float[] gathered() {
    return gathered;
  }

  /** Copies the input into the matrix. */
  float[] gather(Pass pass) {
    for (int image = 0; image < pass.images; image++) {
      for (int i = 0; i < places.length; i++) {
        gathered[image * places.length + i] = pass.input[image * imageValues + places[i]];
      }
    }
    return gathered;
  }

  /** The matrix's delta, set to 0. */
  float[] delta(Pass pass) {
    Arrays.fill(delta, 0, pass.images * places.length, 0);
    return delta;
  }

  /** Adds the matrix's delta to the input's. */
  void scatter(Pass pass) {
    for (int image = 0; image < pass.images; image++) {
      for (int i = 0; i < places.length; i++) {
        int at = image * imageValues + places[i];
        float value = delta[image * places.length + i];
        pass.inputDelta[at] = replaces ? value : pass.inputDelta[at] + value;
      }
    }
  }
}
