package plinius.darknet;

/**
 * Defects of Darknet's CPU build that are repaired here unless they are asked for. With all of them
 * a network computes what the original does, bugs included.
 */
public enum Quirk {
  /** 1x1 convolutions read and write as if stride were 1 and padding 0. */
  CONV1X1_IGNORES_STRIDE_AND_PADDING,
  /** Dropout rewrites the previous layer's output, whose activation's gradient then sees it. */
  DROPOUT_IN_PLACE,
  /** Scales and biases of a [batchnorm] layer are never updated. */
  BATCHNORM_NEVER_LEARNS,
  /** Smooth L1 pushes the wrong way where the error is 1 or more. */
  SMOOTH_L1_SIGN,
  /** Policy sigmoid subtracts unsigned: before {@code step} its exponent is astronomic. */
  SIGMOID_UNDERFLOW,
  /** Policy poly goes on beyond max_batches, where even powers rise again. */
  POLY_PAST_MAX_BATCHES,
  /**
   * Options that only the CUDA sources honour (adam, clip, smooth, spatial, ...) change nothing.
   */
  GPU_ONLY_OPTIONS_IGNORED
}
