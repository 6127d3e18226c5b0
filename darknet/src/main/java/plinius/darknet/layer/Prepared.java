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
  private long madeAt = -1; // how often weights had changed then

  /** Its memory: the storage gives it. */
  float[] values = Pass.NOTHING;

  Prepared(Storage storage, ConvShape shape) {
    this.storage = storage;
    this.shape = shape;
  }

  /** Floats that it needs. */
  int floats() {
    return ConvPlan.preparedFloats(shape);
  }

  /** For the product forward. A layer that only predicts asks for one of the two ways. */
  float[] forward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.kernels.prepareForward(shape, w, wAt, values);
    }
    return values;
  }

  /** For the product back to the data. */
  float[] backward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.kernels.prepareBackward(shape, w, wAt, values);
    }
    return values;
  }

  private boolean stale() {
    long before = madeAt;
    madeAt = storage.changes();
    return madeAt != before;
  }
}
