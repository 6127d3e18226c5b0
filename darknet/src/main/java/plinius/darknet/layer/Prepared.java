package plinius.darknet.layer;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * A convolution's weights in the form that its loops read. In training that lies in scratch which
 * the layers use in turn, and is made anew for each pass. A network that only predicts keeps it
 * until its weights change, since making it may take longer than one image.
 */
final class Prepared {
  private final Storage storage;
  private final ConvShape shape;

  /** Floats of its memory. */
  final int floats;

  private float[] values = Pass.NOTHING;
  private long madeAt = -1; // how often weights had changed then

  Prepared(Storage storage, ConvShape shape) {
    this.storage = storage;
    this.shape = shape;
    floats = ConvPlan.preparedFloats(shape); // while the layer is made, which is refused with it
  }

  /** For the product forward. A layer that only predicts asks for one of the two ways. */
  float[] forward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.kernels.prepareForward(shape, w, wAt, room());
    }
    return values;
  }

  /** For the product back to the data. */
  float[] backward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.kernels.prepareBackward(shape, w, wAt, room());
    }
    return values;
  }

  /** Whether the memory may hold something else than these weights. */
  private boolean stale() {
    return !storage.keepsPrepared || madeAt != storage.changes;
  }

  /** The memory, for the weights as they are now. */
  private float[] room() {
    values = storage.preparedRoom(floats, values);
    madeAt = storage.changes;
    return values;
  }
}
