package plinius.darknet.layer;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * A convolution's weights in the form that its loops read. In training that lies in scratch which
 * the layers use in turn, and is made anew for each pass. A network that only predicts keeps it
 * until its weights change, since making it may take longer than one image.
 */
final class Prepared {
  /** Weights that one task prepares. */
  private static final int PART = 1 << 14;

  private final Storage storage;
  private final ConvShape shape;
  private final int parts;
  private float[] values = Pass.NOTHING;
  private boolean kept;
  private long madeAt = -1; // how often weights had changed then

  Prepared(Storage storage, ConvShape shape) {
    this.storage = storage;
    this.shape = shape;
    parts = Math.clamp(shape.weights() / PART, 1, Pass.MAX_SHARDS);
  }

  /** Floats that it needs. */
  int floats() {
    return ConvPlan.preparedFloats(shape);
  }

  /**
   * Gives it its memory.
   *
   * @param keeps whether for itself
   */
  void use(float[] memory, boolean keeps) {
    values = memory;
    kept = keeps;
  }

  /** For the product forward. A layer that only predicts asks for one of the two ways. */
  float[] forward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.run(parts, part -> pass.kernels.prepareForward(shape, w, wAt, values, part, parts));
    }
    return values;
  }

  /** For the product back to the data. */
  float[] backward(Pass pass, float[] w, int wAt) {
    if (stale()) {
      pass.run(parts, part -> pass.kernels.prepareBackward(shape, w, wAt, values, part, parts));
    }
    return values;
  }

  private boolean stale() {
    boolean stale = !kept || madeAt != storage.changes();
    madeAt = storage.changes();
    return stale;
  }
}
