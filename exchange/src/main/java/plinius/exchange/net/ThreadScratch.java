package plinius.exchange.net;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * What each thread keeps for its loops besides the arrays of the network: room for an image between
 * zeros, for some transformed tiles, for an input that is made again. Each grows to the layer that
 * needs most of it, so the bound is a sum of maxima.
 *
 * <p>The sizes are those of plinius.simd (VectorConvolution, VectorWinograd) and of
 * plinius.darknet.layer.Pass, for vectors of 512 bits; a test compares them with what a thread
 * took.
 */
final class ThreadScratch {
  /** Pixels or transformed tiles at a time. */
  private static final int TILE = 64;

  /** Pixels of a pass over deltas. */
  private static final int PIXELS = 256;

  /** Filters of a block. */
  private static final int BLOCK = 32;

  private static final int PLANES = ConvPlan.PATCH * ConvPlan.PATCH;

  /** Left over in each array, so that it may begin where a line of the cache does. */
  private static final int LINE = 16;

  /** A patch of 6 x 6 vectors and a tile of the results of a block, whatever the layers are. */
  private static final long ALWAYS = PLANES * LINE + TILE * BLOCK;

  private final boolean training;
  private final int batch;
  private long padded;
  private long deltas;
  private long planes;
  private long weights;
  private long made;
  private long listed = PIXELS;

  /** Of a network that trains or not, with so many images at a time. */
  ThreadScratch(boolean training, int batch) {
    this.training = training;
    this.batch = batch;
  }

  /**
   * Takes in a convolution.
   *
   * @param transposed whether forward is its way back to the data
   * @param first whether nobody wants the delta of its input
   */
  void convolution(ConvShape s, boolean transposed, boolean first) {
    boolean forward = training || !transposed;
    boolean back = transposed || (training && !first);
    if (ConvPlan.of(s) == ConvPlan.WINOGRAD) {
      winograd(s, forward, back);
      return;
    }
    // Where every pixel stands alone, each is an image.
    boolean alone = s.size() == 1 && s.stride() == 1 && s.pad() == 0;
    int most = alone ? PIXELS : batch;
    int outH = alone ? 1 : s.outH();
    int outW = alone ? 1 : s.outW();
    int h = alone ? 1 : s.h();
    int w = alone ? 1 : s.w();
    long inputRow = ((outW - 1L) * s.stride() + s.size()) * s.groupChannels();
    long deltaRow = (w + s.size() - 1L) * s.groupFilters();
    int inGradient = Math.clamp(PIXELS / (outH * outW), 1, most);
    if (forward && (s.pad() > 0 || s.groups() > 1)) {
      int inBlock = alone ? TILE : Math.min(batch, ConvPlan.images(s));
      int together = Math.clamp(TILE / outW, 1, inBlock);
      together = training ? Math.max(together, inGradient) : together;
      padded = Math.max(padded, together * (long) h * inputRow);
    }
    if (back && (s.size() - 1 != s.pad() || s.stride() > 1 || s.groups() > 1)) {
      int inBlock = alone ? TILE : Math.min(batch, ConvPlan.images(s));
      int together = Math.clamp(TILE / w, 1, inBlock);
      padded = Math.max(padded, together * (long) outH * deltaRow);
    }
    if (training) {
      long pixels = (long) inGradient * Math.clamp(PIXELS / outW, 1, outH) * outW;
      listed = Math.max(listed, pixels);
      deltas = Math.max(deltas, pixels * Math.ceilDiv(s.groupFilters(), BLOCK) * BLOCK);
    }
  }

  private void winograd(ConvShape s, boolean forward, boolean back) {
    int most = Math.max(s.c(), s.filters());
    // Inputs or deltas as planes, their products with the weights, and the outputs of a tile.
    long ofTile = (long) ConvPlan.TILE * ConvPlan.TILE * most;
    planes = Math.max(planes, 2L * PLANES * (TILE * most + LINE) + ofTile);
    if (forward) {
      padded = Math.max(padded, tiled(s.outH(), 2) * tiled(s.outW(), 2) * s.c());
    }
    if (back) {
      padded = Math.max(padded, tiled(s.h(), 2) * tiled(s.w(), 2) * s.filters());
      weights = Math.max(weights, 9L * s.filters() * BLOCK);
    }
    if (training) {
      deltas = Math.max(deltas, tiled(s.outH(), 0) * tiled(s.outW(), 0) * s.filters());
      weights = Math.max(weights, ConvPlan.sumFloats(s));
    }
  }

  /** So many outputs, filled up to whole tiles, and a border. */
  private static long tiled(int outputs, int border) {
    return (long) Math.ceilDiv(outputs, ConvPlan.TILE) * ConvPlan.TILE + border;
  }

  /** Takes in an input that is made again in blocks of so many values. */
  void madeAgain(long values) {
    made = Math.max(made, values);
  }

  /** Bytes of one thread, at most. */
  long bytes() {
    long margins = 8 * LINE;
    return Float.BYTES
        * (ALWAYS + margins + padded + deltas + planes + weights + made + 2 * listed);
  }
}
