package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FIRST;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.load;
import static plinius.simd.Lanes.store;
import static plinius.simd.Scratch.PIXELS;
import static plinius.simd.Scratch.TILE;
import static plinius.simd.Scratch.Use.DELTAS;
import static plinius.simd.Scratch.Use.PADDED;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import plinius.kernel.ConvShape;
import plinius.simd.Scratch.Places;

/**
 * Direct convolution, forward and backward, over padded rows: no im2col.
 *
 * <p>A row of taps (column, channel) is contiguous in a padded row of the input, so one long loop
 * runs over it. Padded copies lie in scratch arrays of the thread and stay in its second-level
 * cache; weights come packed by blocks of filters (Georganas et al., Anatomy of High-Performance
 * Deep Learning Convolutions on SIMD Architectures, SC 2018). Callers have checked the ranges.
 */
final class VectorConvolution {

  /** Filters whose weights are turned round before the next channel's: they stay in the cache. */
  private static final int STRIP = 64;

  /** Where pixels lie in a tile. */
  private static final int[] IN_BLOCKS = new int[TILE];

  static {
    Arrays.setAll(IN_BLOCKS, i -> i * BLOCK);
  }

  private VectorConvolution() {}

  /** Images, or what stands for them: of each image so many. */
  record Images(int each, int h, int w, int c) {

    /** Where an image begins, if the first is at 0. */
    int at(int image) {
      return image * h * w * c;
    }
  }

  /**
   * A convolution reduced to what the loops need; backward to the data is one too, of the delta,
   * with the filter turned round.
   *
   * <p>Made once for a shape, because every call asks for it.
   *
   * @param dilate zeros + 1 between two input pixels: the stride of the forward convolution
   * @param pad may be negative in a backward convolution
   */
  record Plan(Images in, Images out, int dilate, int size, int stride, int pad, int groups) {
    private static final Map<ConvShape, Plan> FORWARD = new ConcurrentHashMap<>();
    private static final Map<ConvShape, Plan> BACKWARD = new ConcurrentHashMap<>();

    static Plan forward(ConvShape s) {
      return FORWARD.computeIfAbsent(s, Plan::of);
    }

    static Plan backward(ConvShape s) {
      return BACKWARD.computeIfAbsent(s, back -> of(back).turned());
    }

    private static Plan of(ConvShape s) {
      Images in = images(s, s.h(), s.w(), s.c());
      Images out = images(s, s.outH(), s.outW(), s.filters());
      return new Plan(in, out, 1, s.size(), s.stride(), s.pad(), s.groups());
    }

    private Plan turned() {
      return new Plan(out, in, stride, size, 1, size - 1 - pad, groups);
    }

    private static Images images(ConvShape s, int h, int w, int c) {
      // Where every pixel stands alone, each is an image.
      boolean alone = s.size() == 1 && s.stride() == 1 && s.pad() == 0;
      return alone ? new Images(h * w, 1, 1, c) : new Images(1, h, w, c);
    }

    int channels() {
      return in.c / groups;
    }

    int groupFilters() {
      return out.c / groups;
    }

    int blocks() {
      return (groupFilters() + BLOCK - 1) / BLOCK;
    }

    int taps() {
      return size * size * channels();
    }

    /** Where a block's packed weights begin. */
    int packedAt(int group, int block) {
      return FIRST + (group * blocks() + block) * taps() * BLOCK;
    }

    /** Whether the input can be read where it is. */
    boolean inPlace() {
      return pad == 0 && dilate == 1 && groups == 1;
    }

    int paddedWidth() {
      return (out.w - 1) * stride + size;
    }

    /** Values from one row of the input, as the loops read it, to the next. */
    int pitch() {
      return inPlace() ? in.w * in.c : paddedWidth() * channels();
    }

    /** Lists where the loops read for one output after the other. */
    int[] list(Places places, int images, int rows, int perRow) {
      int row = stride * pitch();
      return places.list(images, rows, perRow, in.h * pitch(), row, stride * channels());
    }
  }

  /** Weights (tap, filter) to (block, tap, BLOCK). */
  static void prepareForward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Plan p = Plan.forward(s);
    for (int g = 0; g < p.groups; g++) {
      int from = wAt + g * p.groupFilters();
      toBlocks(weights, from, s.filters(), p.taps(), p.groupFilters(), prepared, p.packedAt(g, 0));
    }
  }

  static void prepareBackward(ConvShape s, float[] weights, int wAt, float[] prepared) {
    Plan p = Plan.backward(s);
    for (int g = 0; g < p.groups; g++) {
      for (int b = 0; b < p.blocks(); b++) {
        turn(s, weights, wAt, g, b, prepared, p.packedAt(g, b));
      }
    }
  }

  /** Rows of values, {@code step} apart, to (block, row, BLOCK), zeros up to whole blocks. */
  private static void toBlocks(
      float[] x, int xAt, int step, int rows, int values, float[] blocks, int at) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < values; i += BLOCK) {
        int from = xAt + row * step + i;
        int to = at + i * rows + row * BLOCK;
        if (i + BLOCK <= values) {
          store(load(x, from), load(x, from + LANES), blocks, to);
        } else {
          System.arraycopy(x, from, blocks, to, values - i);
          Arrays.fill(blocks, to + values - i, to + BLOCK, 0);
        }
      }
    }
  }

  /**
   * Weights (kh, kw, c / groups, filters) to one block of those of the convolution back to the
   * data: (size-1-kh, size-1-kw, filter of the group, BLOCK channels), zeros where it has none.
   */
  static void turn(
      ConvShape s, float[] weights, int wAt, int group, int block, float[] turned, int at) {
    int first = block * BLOCK;
    int channels = Math.min(BLOCK, s.groupChannels() - first);
    int filters = s.groupFilters();
    int taps = s.size() * s.size();
    if (channels < BLOCK) {
      Arrays.fill(turned, at, at + taps * filters * BLOCK, 0);
    }
    for (int tap = 0; tap < taps; tap++) {
      int to = at + (taps - 1 - tap) * filters * BLOCK;
      for (int strip = 0; strip < filters; strip += STRIP) {
        int end = Math.min(strip + STRIP, filters);
        for (int c = 0; c < channels; c++) {
          int row = tap * s.groupChannels() + first + c;
          int from = wAt + row * s.filters() + group * filters;
          for (int f = strip; f < end; f++) {
            turned[to + f * BLOCK + c] = weights[from + f];
          }
        }
      }
    }
  }

  /**
   * y = or += the convolution of x. Several images at a time, if they are small: their pixels share
   * what is read of the weights.
   */
  static void correlate(
      Plan p, float[] x, int xAt, float[] w, float[] y, int yAt, int images, boolean add) {
    int all = images * p.in.each;
    int together = Math.max(1, Math.min(TILE / p.out.w, all));
    float[] input = padded(p, x, together);
    for (int g = 0; g < p.groups; g++) {
      for (int n = 0; n < all; n += together) {
        int some = Math.min(together, all - n);
        int from = read(p, g, x, xAt + p.in.at(n), input, some);
        correlate(p, g, some, input, from, w, y, yAt + p.out.at(n) + g * p.groupFilters(), add);
      }
    }
  }

  /** One group of some images. */
  private static void correlate(
      Plan p, int g, int some, float[] x, int xAt, float[] w, float[] y, int yAt, boolean add) {
    Scratch scratch = Scratch.mine();
    int k = p.size * p.channels();
    for (int ow = 0; ow < p.out.w; ow += TILE) {
      int columns = Math.min(TILE, p.out.w - ow);
      int pixels = some * columns;
      int[] xs = p.list(scratch.xs, some, 1, columns);
      int[] ys = scratch.ys.list(some, 1, columns, p.out.at(1), 0, p.out.c);
      ForwardTiles sums = scratch.forward.of(x, xs, p.pitch(), k, w, p.dilate * k * BLOCK);
      for (int b = 0; b < p.blocks(); b++) {
        int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
        for (int oh = 0; oh < p.out.h; oh++) {
          int top = oh * p.stride - p.pad;
          int first = firstRow(p, top);
          int rows = rows(p, top, first);
          int line = rows > 0 ? (top + first) / p.dilate : 0;
          int from = xAt + line * p.pitch() + ow * p.stride * p.channels();
          int weights = p.packedAt(g, b) + first * k * BLOCK;
          int at = yAt + (oh * p.out.w + ow) * p.out.c + b * BLOCK;
          if (!add && filters == BLOCK) {
            sums.run(pixels, rows, from, weights, y, at, ys);
          } else {
            sums.run(pixels, rows, from, weights, scratch.tile, FIRST, IN_BLOCKS);
            put(scratch.tile, pixels, y, at, ys, filters, add);
          }
        }
      }
    }
  }

  /** Brings a tile (pixel, BLOCK) to its place. */
  private static void put(
      float[] tile, int pixels, float[] y, int yAt, int[] ys, int filters, boolean add) {
    for (int i = 0; i < pixels; i++) {
      int at = yAt + ys[i];
      int from = FIRST + i * BLOCK;
      if (!add) {
        System.arraycopy(tile, from, y, at, filters);
      } else if (filters == BLOCK) {
        for (int f = 0; f < BLOCK; f += LANES) {
          load(y, at + f).add(load(tile, from + f)).intoArray(y, at + f);
        }
      } else {
        for (int f = 0; f < filters; f++) {
          y[at + f] += tile[from + f];
        }
      }
    }
  }

  /** The first row of the filter that meets a row of the input, when it starts at row top. */
  private static int firstRow(Plan p, int top) {
    return top < 0 ? -top : (p.dilate - top % p.dilate) % p.dilate;
  }

  private static int rows(Plan p, int top, int first) {
    int inFilter = (p.size - 1 - first + p.dilate) / p.dilate;
    int inImage = p.in.h - (top + first) / p.dilate;
    return first >= p.size ? 0 : Math.max(0, Math.min(inFilter, inImage));
  }

  /** Where the loops read: the input itself, or room for some images between zeros. */
  private static float[] padded(Plan p, float[] x, int images) {
    return p.inPlace()
        ? x
        : Scratch.mine().zeros(PADDED, Math.multiplyExact(images * p.in.h, p.pitch()));
  }

  /** Where the loops read one group of some images: where it lies, or its copy between zeros. */
  private static int read(Plan p, int group, float[] x, int at, float[] input, int images) {
    if (p.inPlace()) {
      return at;
    }
    int channels = p.channels();
    int width = p.paddedWidth();
    int first = Math.max(0, -p.pad + p.dilate - 1) / p.dilate;
    int last = Math.min(p.in.w, (width - p.pad + p.dilate - 1) / p.dilate);
    for (int row = 0; row < images * p.in.h; row++) {
      int source = at + group * channels + row * p.in.w * p.in.c;
      int target = FIRST + (row * width + p.pad) * channels;
      if (channels == p.in.c && p.dilate == 1 && last > first) {
        int values = (last - first) * channels;
        System.arraycopy(x, source + first * p.in.c, input, target + first * channels, values);
      } else {
        for (int column = first; column < last; column++) {
          System.arraycopy(
              x, source + column * p.in.c, input, target + column * p.dilate * channels, channels);
        }
      }
    }
    return FIRST;
  }

  /**
   * Some rows of an image at a time, or several images, if they are small: their pixels share each
   * access to the updates.
   */
  static void backwardWeights(
      ConvShape s, float[] x, int xAt, float[] delta, int dAt, float[] u, int uAt, int images) {
    Plan p = Plan.forward(s);
    int all = images * p.in.each;
    int together = Math.max(1, Math.min(PIXELS / (p.out.h * p.out.w), all));
    int rows = Math.clamp(PIXELS / p.out.w, 1, p.out.h);
    float[] input = padded(p, x, together);
    Scratch scratch = Scratch.mine();
    int pixelsAtMost = together * rows * p.out.w;
    float[] d = scratch.array(DELTAS, Math.multiplyExact(pixelsAtMost, p.blocks() * BLOCK));
    for (int g = 0; g < p.groups; g++) {
      for (int n = 0; n < all; n += together) {
        int some = Math.min(together, all - n);
        int source = read(p, g, x, xAt + p.in.at(n), input, some);
        for (int row = 0; row < p.out.h; row += rows) {
          int end = Math.min(p.out.h, row + rows);
          int pixels = some * (end - row) * p.out.w;
          int from = p.out.at(n) + row * p.out.w * p.out.c + g * p.groupFilters();
          toBlocks(delta, dAt + from, p.out.c, pixels, p.groupFilters(), d, FIRST);
          int dRow = p.out.w * BLOCK;
          for (int kh = 0; kh < p.size; kh++) {
            int first = Math.max(row, Math.max(0, p.pad - kh + p.stride - 1) / p.stride);
            int last = Math.min(end - 1, Math.floorDiv(p.in.h - 1 + p.pad - kh, p.stride));
            int reached = Math.max(0, last + 1 - first);
            int[] xs = p.list(scratch.xs, some, reached, p.out.w);
            int[] ds = scratch.ys.list(some, reached, p.out.w, (end - row) * dRow, dRow, BLOCK);
            GradientTiles sums = scratch.gradient.of(input, xs, d, ds);
            int line = source + (first * p.stride + kh - p.pad) * p.pitch();
            int begin = FIRST + (first - row) * dRow;
            int updates = uAt + kh * p.size * p.channels() * p.out.c + g * p.groupFilters();
            gradients(p, sums, some * reached * p.out.w, line, begin, pixels * BLOCK, u, updates);
          }
        }
      }
    }
  }

  /**
   * Updates of one row of the filter, from uAt.
   *
   * @param dBlock from one block of deltas to the next
   */
  private static void gradients(
      Plan p, GradientTiles sums, int pixels, int xAt, int dAt, int dBlock, float[] u, int uAt) {
    int k = p.size * p.channels();
    float[] tile = Scratch.mine().tile;
    for (int b = 0; b < p.blocks(); b++) {
      int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
      int from = dAt + b * dBlock;
      for (int i = 0; i < k; i += TILE) {
        int taps = Math.min(TILE, k - i);
        int at = uAt + i * p.out.c + b * BLOCK;
        if (filters == BLOCK) {
          sums.run(taps, pixels, xAt + i, from, u, at, p.out.c);
          continue;
        }
        for (int t = 0; t < taps; t++) {
          System.arraycopy(u, at + t * p.out.c, tile, FIRST + t * BLOCK, filters);
        }
        sums.run(taps, pixels, xAt + i, from, tile, FIRST, BLOCK);
        for (int t = 0; t < taps; t++) {
          System.arraycopy(tile, FIRST + t * BLOCK, u, at + t * p.out.c, filters);
        }
      }
    }
  }
}
