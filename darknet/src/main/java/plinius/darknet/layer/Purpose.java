package plinius.darknet.layer;

/**
 * What random numbers are drawn for, beside the layers' own draws, whose purpose is their index.
 */
public final class Purpose {
  /** Plus the layer's index: its initial weights. */
  public static final int INITIAL_WEIGHTS = 1 << 16;

  /** The learning-rate policy "random". */
  public static final int LEARNING_RATE = 1 << 17;

  /** The sizes of a detector's images. */
  public static final int SIZE = LEARNING_RATE + 1;

  private Purpose() {}
}
