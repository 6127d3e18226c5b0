package plinius.darknet.layer;

/**
 * Defects of Darknet's CPU build, which the product repairs. With all of them {@link
 * OriginalLayers} compute what the original does, bugs included.
 */
public enum Quirk {
  /** 1x1 convolutions read and write as if stride were 1 and padding 0. */
  CONV1X1_IGNORES_STRIDE_AND_PADDING,
  /**
   * Some layers replace the delta of the layer before instead of adding to it: 1x1 convolutions,
   * activation, batchnorm, normalization, reorg, upsample downwards. What a route or a shortcut had
   * handed back is lost.
   */
  DELTA_REPLACED,
  /** Dropout rewrites the previous layer's output, whose activation's gradient then sees it. */
  DROPOUT_IN_PLACE,
  /** Scales and biases of a [batchnorm] layer are never updated. */
  BATCHNORM_NEVER_LEARNS,
  /** In recurrent layers all steps' deltas are normalised with the last step's statistics. */
  BATCHNORM_OF_LAST_STEP,
  /** binary=1 does nothing, and xnor=1 only forward. */
  BINARY_FORWARD_ONLY,
  /** A [local] layer starts with random weights at its first place only, zeros elsewhere. */
  LOCAL_INITIALISES_FIRST_PLACE,
  /** The delta of a [normalization] leaves out that the norms depend on the input too. */
  LRN_APPROXIMATE_DELTA,
  /** An [l2norm] divides zeros by zero, and hands its delta back as if it were not there. */
  L2NORM_AS_IS,
  /** A [shortcut] multiplies all of its delta by alpha, also where it did not add anything. */
  SHORTCUT_ALPHA_EVERYWHERE,
  /** Smooth L1 pushes the wrong way where the error is 1 or more. */
  SMOOTH_L1_SIGN,
  /** With a tree, truths that say "does not matter" are compared with. */
  TREE_TRUTH_NOT_MASKED,
  /** [region] hands no delta back. */
  REGION_PASSES_NO_DELTA,
  /** The masks of a [region] with more than four coords do not pass through the logistic. */
  REGION_MASKS_LINEAR,
  /** A [region] with a tree divides by a temperature of 0. */
  REGION_TREE_NAN,
  /** [rnn] and [crnn] take the state's delta through the self layer to the input layer. */
  RNN_DELTA_FOLDED_TWICE,
  /** With shortcut=1 their output layers learn from states without what was carried. */
  RNN_SHORTCUT_FORGOTTEN,
  /** [crnn] takes rows for columns. */
  CRNN_SWAPS_SIDES,
  /** The layers in a [crnn] have a learning rate of 0. */
  CRNN_NEVER_LEARNS,
  /** [gru] has no backward: its weights only decay. */
  GRU_NOT_TRAINED,
  /**
   * [lstm] goes back through its first step with that step's own cell and state, goes on from
   * there, and carries the cell's delta from batch to batch.
   */
  LSTM_STALE_STEPS,
  /** Policy sigmoid subtracts unsigned: before {@code step} its exponent is astronomic. */
  SIGMOID_UNDERFLOW,
  /** Policy poly goes on beyond max_batches, where even powers rise again. */
  POLY_PAST_MAX_BATCHES,
  /**
   * Options that only the CUDA sources honour (adam, clip, smooth, spatial, ...) change nothing.
   */
  GPU_ONLY_OPTIONS_IGNORED
}
