package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FIRST;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.load;
import static plinius.simd.Scratch.Use.DELTAS;
import static plinius.simd.Scratch.Use.PADDED;
import static plinius.simd.Scratch.Use.PLANES;
import static plinius.simd.Scratch.Use.PRODUCTS;
import static plinius.simd.Scratch.Use.TILE;
import static plinius.simd.Scratch.Use.WEIGHTS;
import static plinius.simd.WinogradTransforms.PATCH;

import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.simd.VectorConvolution.Images;
import plinius.simd.VectorConvolution.Plan;

/**
 * Convolution of 3 x 3 filters by Winograd's F(4x4, 3x3): tiles of the image and filters are
 * transformed, multiplied as 36 small matrices, and transformed back (Lavin and Gray, Fast
 * Algorithms for Convolutional Neural Networks, 2016, section 4; the gradient of the weights by its
 * transpose).
 *
 * <p>Tiles are taken some at a time, so that their planes stay in the second-level cache; how many
 * changes no bit, because each product is one sum over channels, and each gradient one over tiles,
 * in order. Channels and filters fill whole blocks, which {@link plinius.kernel.ConvPlan} sees to.
 */
final class VectorWinograd {
  /** Tiles that are transformed before they are multiplied. */
  private static final int TILES = 64;

  private VectorWinograd() {}

  /** Tiles of one image's outputs. */
  private static int tiles(Images out) {
    return ConvPlan.tiles(out.h()) * ConvPlan.tiles(out.w());
  }

  /**
   * Values from one plane of so many channels to the next. A cache line more than they need: else
   * all 36 planes of a tile would fall into the same set of the first-level cache, and each
   * transform take four times as long.
   */
  private static int plane(int channels) {
    return TILES * channels + ConvPlan.MARGIN;
  }

  /**
   * As {@link ConvPlan#sumFloats} has it for transformed weights, and the sums of their updates.
   */
  private static int weightPlane(int channels, int filters) {
    return channels * filters + ConvPlan.MARGIN;
  }

  /** Where the value of a filter lies among (block, row, BLOCK). */
  private static int inBlock(int filter, int row, int rows) {
    return (filter / BLOCK * rows + row) * BLOCK + filter % BLOCK;
  }

  /** The image whose tiles are being transformed, between zeros that make all tiles whole. */
  static final class Padded {
    private Scratch.Use use;
    private Images images;
    private int pad;
    private int tilesW;
    private int perImage;
    private int pitch;
    private float[] values;
    private int image; // that is among the values

    /**
     * For the inputs of one convolution, or its deltas.
     *
     * @param border rows that a tile of them has more than one of outputs
     */
    Padded of(Scratch.Use room, Plan p, Images these, int zeros, int border) {
      use = room;
      images = these;
      pad = zeros;
      tilesW = ConvPlan.tiles(p.out().w());
      perImage = tiles(p.out());
      pitch = (4 * tilesW + border) * images.c();
      int rows = perImage / tilesW * 4 + border;
      values = Scratch.mine().zeros(use, Math.multiplyExact(rows, pitch));
      image = -1;
      return this;
    }

    /** v (plane, tile, c), or (plane, block, tile, BLOCK) = the transforms of some tiles. */
    void planes(int first, int tiles, float[] x, int xAt, float[] v, float[] patch) {
      int c = images.c();
      for (int t = 0; t < tiles; t++) {
        int at = at(first + t, x, xAt);
        for (int i = 0; i < c; i += LANES) {
          if (use == DELTAS) {
            int to = FIRST + inBlock(i, t, TILES);
            WinogradTransforms.delta(values, at + i, c, pitch, v, to, plane(c), patch);
          } else {
            int to = FIRST + t * c + i;
            WinogradTransforms.input(values, at + i, c, pitch, v, to, plane(c), patch);
          }
        }
      }
    }

    /** Where the tile's first value lies; brings its image in if it is another. */
    private int at(int tile, float[] x, int xAt) {
      int c = images.c();
      if (tile / perImage != image) {
        image = tile / perImage;
        int from = xAt + images.at(image);
        int count = images.w() * c;
        for (int row = 0; row < images.h(); row++) {
          int to = FIRST + (row + pad) * pitch + pad * c;
          System.arraycopy(x, from + row * count, values, to, count);
        }
      }
      int within = tile % perImage;
      return FIRST + 4 * (within / tilesW) * pitch + 4 * (within % tilesW) * c;
    }
  }

  /** Weights (kh, kw, c, filters) to (plane, block of filters, c, BLOCK). */
  static void prepareForward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    for (int channel = 0; channel < s.c(); channel++) {
      for (int f = 0; f < s.filters(); f += LANES) {
        int from = wAt + channel * s.filters() + f;
        transform(s, weights, from, s.c() * s.filters(), prepared, inBlock(f, channel, s.c()));
      }
    }
  }

  static void prepareBackward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    int tap = s.filters() * BLOCK;
    float[] turned = Scratch.mine().array(WEIGHTS, 9 * tap);
    for (int b = 0; b < s.c() / BLOCK; b++) {
      VectorConvolution.turn(s, weights, wAt, 0, b, turned, FIRST);
      for (int i = 0; i < tap; i += LANES) {
        transform(s, turned, FIRST + i, tap, prepared, b * tap + i);
      }
    }
  }

  /** Some weights, whose taps are {@code tap} apart, to their place in 36 planes. */
  private static void transform(ConvShape s, float[] w, int at, int tap, float[] u, int to) {
    int plane = weightPlane(s.c(), s.filters());
    WinogradTransforms.weights(w, at, tap, 3 * tap, u, FIRST + to, plane, Scratch.mine().patch);
  }

  /** y = or += the convolution of x. */
  static void correlate(
      Plan p, float[] x, int xAt, float[] w, float[] y, int yAt, int images, boolean add) {
    Scratch scratch = Scratch.mine();
    Padded inputs = scratch.inputs.of(PADDED, p, p.in(), p.pad(), 2);
    int c = p.in().c();
    int filters = p.out().c();
    float[] v = scratch.array(PLANES, PATCH * plane(c));
    float[] m = scratch.array(PRODUCTS, PATCH * plane(filters));
    int[] xs = scratch.xs.list(1, 1, TILES, 0, 0, c);
    int[] ys = scratch.ys.list(1, 1, TILES, 0, 0, filters);
    ForwardTiles products = scratch.forward.of(v, xs, 0, c, w, 0);
    int all = images * tiles(p.out());
    for (int first = 0; first < all; first += TILES) {
      int tiles = Math.min(TILES, all - first);
      inputs.planes(first, tiles, x, xAt, v, scratch.patch);
      for (int plane = 0; plane < PATCH; plane++) {
        multiply(plane, c, filters, tiles, products, m, ys);
      }
      outputs(p.out(), first, tiles, m, y, yAt, add);
    }
  }

  /** m (tile, filter) = v (tile, c) * u (c, filter), one plane. */
  private static void multiply(
      int p, int c, int filters, int tiles, ForwardTiles products, float[] m, int[] places) {
    for (int f = 0; f < filters; f += BLOCK) {
      int weights = FIRST + p * weightPlane(c, filters) + f * c;
      int to = FIRST + p * plane(filters) + f;
      products.run(tiles, 1, FIRST + p * plane(c), weights, m, to, places);
    }
  }

  /** y = or += A^T m A. A tile's rows are written as one, because y is not in the cache. */
  private static void outputs(
      Images out, int first, int tiles, float[] m, float[] y, int yAt, boolean add) {
    Scratch scratch = Scratch.mine();
    int filters = out.c();
    int tilesW = ConvPlan.tiles(out.w());
    int perImage = tiles(out);
    int plane = plane(filters);
    float[] tile = scratch.array(TILE, 16 * filters);
    for (int t = 0; t < tiles; t++) {
      int image = (first + t) / perImage;
      int top = 4 * ((first + t) % perImage / tilesW);
      int left = 4 * ((first + t) % tilesW);
      int rows = Math.min(4, out.h() - top);
      int count = Math.min(4, out.w() - left) * filters;
      for (int f = 0; f < filters; f += LANES) {
        int from = FIRST + t * filters + f;
        WinogradTransforms.output(m, from, plane, rows, tile, FIRST + f, filters, scratch.patch);
      }
      int target = yAt + out.at(image) + (top * out.w() + left) * filters;
      for (int row = 0; row < rows; row++) {
        put(tile, FIRST + row * 4 * filters, y, target + row * out.w() * filters, count, add);
      }
    }
  }

  private static void put(float[] tile, int from, float[] y, int at, int count, boolean add) {
    if (!add) {
      System.arraycopy(tile, from, y, at, count);
      return;
    }
    for (int i = 0; i < count; i += LANES) {
      load(y, at + i).add(load(tile, from + i)).intoArray(y, at + i);
    }
  }

  static void backwardWeights(
      ConvShape s, float[] x, int xAt, float[] delta, int dAt, float[] u, int uAt, int images) {
    float[] sums = Scratch.mine().zeros(WEIGHTS, ConvPlan.sumFloats(s));
    sums(s, x, xAt, delta, dAt, sums, 0, images);
    updates(s, sums, 0, u, uAt);
  }

  /** u (plane, block, c, BLOCK) += (B^T x B) . (A delta A^T). */
  static void sums(
      ConvShape s, float[] x, int xAt, float[] delta, int dAt, float[] u, int uAt, int images) {
    Plan p = Plan.forward(s);
    Scratch scratch = Scratch.mine();
    Padded inputs = scratch.inputs.of(PADDED, p, p.in(), p.pad(), 2);
    Padded deltas = scratch.deltas.of(DELTAS, p, p.out(), 0, 0);
    float[] v = scratch.array(PLANES, PATCH * plane(s.c()));
    float[] d = scratch.array(PRODUCTS, PATCH * plane(s.filters()));
    int[] xs = scratch.xs.list(1, 1, TILES, 0, 0, s.c());
    int[] ds = scratch.ys.list(1, 1, TILES, 0, 0, BLOCK);
    GradientTiles products = scratch.gradient.of(v, xs, d, ds);
    int all = images * tiles(p.out());
    for (int first = 0; first < all; first += TILES) {
      int tiles = Math.min(TILES, all - first);
      inputs.planes(first, tiles, x, xAt, v, scratch.patch);
      deltas.planes(first, tiles, delta, dAt, d, scratch.patch);
      for (int plane = 0; plane < PATCH; plane++) {
        addProducts(s, plane, tiles, products, u, uAt);
      }
    }
  }

  /** u (block, c, BLOCK) += v^T (c, tile) * d (block, tile, BLOCK), one plane. */
  private static void addProducts(
      ConvShape s, int p, int tiles, GradientTiles products, float[] u, int uAt) {
    for (int f = 0; f < s.filters(); f += BLOCK) {
      int from = FIRST + p * plane(s.filters()) + f * TILES;
      int to = FIRST + uAt + p * weightPlane(s.c(), s.filters()) + f * s.c();
      products.run(s.c(), tiles, FIRST + p * plane(s.c()), from, u, to, BLOCK);
    }
  }

  /** updates += G^T u G. */
  static void updates(ConvShape s, float[] u, int from, float[] updates, int uAt) {
    Scratch scratch = Scratch.mine();
    int count = s.c() * s.filters();
    int plane = weightPlane(s.c(), s.filters());
    for (int i = 0; i < count; i += LANES) {
      int place = FIRST + inBlock(i % s.filters(), i / s.filters(), s.c());
      WinogradTransforms.gradient(u, from + place, plane, scratch.tile, scratch.patch);
      for (int tap = 0; tap < 9; tap++) {
        int at = uAt + tap * count + i;
        load(updates, at).add(load(scratch.tile, FIRST + tap * LANES)).intoArray(updates, at);
      }
    }
  }
}
