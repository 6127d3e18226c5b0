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
import plinius.simd.Scratch.Steps;

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

  /** A convolution of stride 1, forward or backward to the data, and how its outputs are tiled. */
  private record Grid(int h, int w, int c, int outH, int outW, int filters, int pad, int images) {
    static Grid forward(ConvShape s, int images) {
      return new Grid(s.h(), s.w(), s.c(), s.outH(), s.outW(), s.filters(), s.pad(), images);
    }

    static Grid backward(ConvShape s, int images) {
      return new Grid(s.outH(), s.outW(), s.filters(), s.h(), s.w(), s.c(), 2 - s.pad(), images);
    }

    int tilesH() {
      return (outH + 3) / 4;
    }

    int tilesW() {
      return (outW + 3) / 4;
    }

    int tiles() {
      return images * tilesH() * tilesW();
    }
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

  /** From a patch of an image to its place in 36 planes. */
  private interface Transform {
    void apply(
        float[] x, int xAt, int xColumn, int xRow, float[] v, int vAt, int plane, float[] patch);
  }

  /** The image whose tiles are being transformed, between zeros that make all tiles whole. */
  private static final class Padded {
    private final Transform transform;
    private final int h;
    private final int w;
    private final int c;
    private final int pad;
    private final boolean inBlocks;
    private final int tilesW;
    private final int perImage;
    private final int pitch;
    private final float[] values;
    private int image = -1;

    Padded(Grid g, Transform transform, int h, int w, int c, int pad, int border, Scratch.Use use) {
      this.transform = transform;
      this.h = h;
      this.w = w;
      this.c = c;
      this.pad = pad;
      inBlocks = use == DELTAS;
      tilesW = g.tilesW();
      perImage = g.tilesH() * tilesW;
      pitch = (4 * tilesW + border) * c;
      values = Scratch.mine().zeros(use, Math.multiplyExact(4 * g.tilesH() + border, pitch));
    }

    /** The inputs of a convolution. */
    static Padded inputs(Grid g) {
      return new Padded(g, WinogradTransforms::input, g.h, g.w, g.c, g.pad, 2, PADDED);
    }

    /** The deltas of its outputs. */
    static Padded deltas(Grid g) {
      return new Padded(g, WinogradTransforms::delta, g.outH, g.outW, g.filters, 0, 0, DELTAS);
    }

    /** v (plane, tile, c), or (plane, block, tile, BLOCK) = the transforms of some tiles. */
    void planes(int first, int tiles, float[] x, int xAt, float[] v, float[] patch) {
      for (int t = 0; t < tiles; t++) {
        int at = at(first + t, x, xAt);
        for (int channel = 0; channel < c; channel += LANES) {
          int to = FIRST + (inBlocks ? inBlock(channel, t, TILES) : t * c + channel);
          transform.apply(values, at + channel, c, pitch, v, to, plane(c), patch);
        }
      }
    }

    /** Where the tile's first value lies; brings its image in if it is another. */
    private int at(int tile, float[] x, int xAt) {
      if (tile / perImage != image) {
        image = tile / perImage;
        int from = xAt + image * h * w * c;
        for (int row = 0; row < h; row++) {
          int to = FIRST + (row + pad) * pitch + pad * c;
          System.arraycopy(x, from + row * w * c, values, to, w * c);
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

  static void forward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int images) {
    correlate(Grid.forward(s, images), x, xAt, prepared, y, yAt, false);
  }

  static void backwardData(
      ConvShape s, float[] delta, int dAt, float[] prepared, float[] xDelta, int xdAt, int images) {
    correlate(Grid.backward(s, images), delta, dAt, prepared, xDelta, xdAt, true);
  }

  private static void correlate(
      Grid g, float[] x, int xAt, float[] prepared, float[] y, int yAt, boolean add) {
    Scratch scratch = Scratch.mine();
    Padded inputs = Padded.inputs(g);
    float[] v = scratch.array(PLANES, PATCH * plane(g.c));
    float[] m = scratch.array(PRODUCTS, PATCH * plane(g.filters));
    scratch.list(1, 1, TILES, new Steps(0, 0, g.c), new Steps(0, 0, g.filters));
    ForwardTiles products = new ForwardTiles(v, scratch.xs, 0, g.c, prepared, 0);
    for (int first = 0; first < g.tiles(); first += TILES) {
      int tiles = Math.min(TILES, g.tiles() - first);
      inputs.planes(first, tiles, x, xAt, v, scratch.patch);
      for (int p = 0; p < PATCH; p++) {
        multiply(g, p, tiles, products, m, scratch.ys);
      }
      outputs(g, first, tiles, m, y, yAt, add, scratch);
    }
  }

  /** m (tile, filter) = v (tile, c) * u (c, filter), one plane. */
  private static void multiply(
      Grid g, int p, int tiles, ForwardTiles products, float[] m, int[] places) {
    for (int f = 0; f < g.filters; f += BLOCK) {
      int weights = FIRST + p * weightPlane(g.c, g.filters) + f * g.c;
      int to = FIRST + p * plane(g.filters) + f;
      products.run(tiles, 1, FIRST + p * plane(g.c), weights, m, to, places);
    }
  }

  /** y = or += A^T m A. A tile's rows are written as one, because y is not in the cache. */
  private static void outputs(
      Grid g, int first, int tiles, float[] m, float[] y, int yAt, boolean add, Scratch scratch) {
    int perImage = g.tilesH() * g.tilesW();
    int plane = plane(g.filters);
    float[] tile = scratch.array(TILE, 16 * g.filters);
    for (int t = 0; t < tiles; t++) {
      int image = (first + t) / perImage;
      int top = 4 * ((first + t) % perImage / g.tilesW());
      int left = 4 * ((first + t) % g.tilesW());
      int rows = Math.min(4, g.outH - top);
      int count = Math.min(4, g.outW - left) * g.filters;
      for (int f = 0; f < g.filters; f += LANES) {
        int from = FIRST + t * g.filters + f;
        WinogradTransforms.output(m, from, plane, rows, tile, FIRST + f, g.filters, scratch.patch);
      }
      int target = yAt + ((image * g.outH + top) * g.outW + left) * g.filters;
      for (int row = 0; row < rows; row++) {
        put(tile, FIRST + row * 4 * g.filters, y, target + row * g.outW * g.filters, count, add);
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
    Grid g = Grid.forward(s, images);
    Scratch scratch = Scratch.mine();
    Padded inputs = Padded.inputs(g);
    Padded deltas = Padded.deltas(g);
    float[] v = scratch.array(PLANES, PATCH * plane(g.c));
    float[] d = scratch.array(PRODUCTS, PATCH * plane(g.filters));
    scratch.list(1, 1, TILES, new Steps(0, 0, g.c), new Steps(0, 0, BLOCK));
    GradientTiles products = new GradientTiles(v, scratch.xs, d, scratch.ys);
    for (int first = 0; first < g.tiles(); first += TILES) {
      int tiles = Math.min(TILES, g.tiles() - first);
      inputs.planes(first, tiles, x, xAt, v, scratch.patch);
      deltas.planes(first, tiles, delta, dAt, d, scratch.patch);
      for (int p = 0; p < PATCH; p++) {
        addProducts(g, p, tiles, products, u, uAt);
      }
    }
  }

  /** u (block, c, BLOCK) += v^T (c, tile) * d (block, tile, BLOCK), one plane. */
  private static void addProducts(
      Grid g, int p, int tiles, GradientTiles products, float[] u, int uAt) {
    for (int f = 0; f < g.filters; f += BLOCK) {
      int from = FIRST + p * plane(g.filters) + f * TILES;
      int to = FIRST + uAt + p * weightPlane(g.c, g.filters) + f * g.c;
      products.run(g.c, tiles, FIRST + p * plane(g.c), from, u, to, BLOCK);
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
