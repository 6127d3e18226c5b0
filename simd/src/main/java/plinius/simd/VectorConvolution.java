package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FIRST;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.load;
import static plinius.simd.Lanes.store;
import static plinius.simd.Scratch.TILE;
import static plinius.simd.Scratch.Use.DELTAS;
import static plinius.simd.Scratch.Use.PADDED;

import java.util.Arrays;
import plinius.kernel.ConvShape;

/**
 * Direct convolution, forward and backward, over padded rows: no im2col.
 *
 * <p>A row of taps (column, channel) is contiguous in a padded row of the input, so one long loop
 * runs over it. Padded copies lie in scratch arrays of the thread and stay in its second-level
 * cache; weights come packed by blocks of filters. Callers have checked the ranges.
 */
final class VectorConvolution {

  /** Filters whose weights are turned round before the next channel's: they stay in the cache. */
  private static final int STRIP = 64;

  private VectorConvolution() {}

  /** Images, or what stands for them. */
  private record Images(int count, int h, int w, int c) {

    /** Where an image begins, if the first is at 0. */
    int at(int image) {
      return image * h * w * c;
    }
  }

  /**
   * A convolution reduced to what the loops need; backward to the data is one too, of the delta,
   * with the filter turned round.
   *
   * @param dilate zeros + 1 between two input pixels: the stride of the forward convolution
   * @param pad may be negative in a backward convolution
   */
  private record Plan(
      Images in, Images out, int dilate, int size, int stride, int pad, int groups) {

    static Plan forward(ConvShape s, int images) {
      Images in = images(s, images, s.h(), s.w(), s.c());
      Images out = images(s, images, s.outH(), s.outW(), s.filters());
      return new Plan(in, out, 1, s.size(), s.stride(), s.pad(), s.groups());
    }

    static Plan backward(ConvShape s, int images) {
      Plan p = forward(s, images);
      return new Plan(p.out, p.in, p.stride, p.size, 1, p.size - 1 - p.pad, p.groups);
    }

    private static Images images(ConvShape s, int images, int h, int w, int c) {
      // Where every pixel stands alone, all images are one long row.
      boolean alone = s.size() == 1 && s.stride() == 1 && s.pad() == 0;
      return alone ? new Images(1, 1, images * h * w, c) : new Images(images, h, w, c);
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

    /** Where a part of the blocks of all groups begins. */
    int ofAllBlocks(int part, int parts) {
      return part * groups * blocks() / parts;
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

    int paddedCount() {
      return Math.multiplyExact(in.h, Math.multiplyExact(paddedWidth(), channels()));
    }
  }

  /** Some blocks of weights (tap, filter) to (block, tap, BLOCK), zeros where one has no filter. */
  static void prepareForward(
      ConvShape s, float[] weights, int wAt, float[] prepared, int part, int parts) {
    Plan p = Plan.forward(s, 1);
    int taps = p.taps();
    int end = p.ofAllBlocks(part + 1, parts);
    for (int t = 0; t < taps; t++) {
      for (int b = p.ofAllBlocks(part, parts); b < end; b++) {
        int group = b / p.blocks();
        int first = b % p.blocks() * BLOCK;
        int from = wAt + t * s.filters() + group * p.groupFilters() + first;
        int to = p.packedAt(group, b % p.blocks()) + t * BLOCK;
        if (first + BLOCK <= p.groupFilters()) {
          store(load(weights, from), load(weights, from + LANES), prepared, to);
        } else {
          System.arraycopy(weights, from, prepared, to, p.groupFilters() - first);
          Arrays.fill(prepared, to + p.groupFilters() - first, to + BLOCK, 0);
        }
      }
    }
  }

  static void prepareBackward(
      ConvShape s, float[] weights, int wAt, float[] prepared, int part, int parts) {
    Plan p = Plan.backward(s, 1);
    int end = p.ofAllBlocks(part + 1, parts);
    for (int b = p.ofAllBlocks(part, parts); b < end; b++) {
      int group = b / p.blocks();
      int block = b % p.blocks();
      turn(s, weights, wAt, group, block, prepared, p.packedAt(group, block));
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

  static void forward(
      ConvShape s, float[] x, int xAt, float[] prepared, float[] y, int yAt, int images) {
    Plan p = Plan.forward(s, images);
    for (int g = 0; g < p.groups; g++) {
      correlate(p, g, x, xAt, prepared, y, yAt, false);
    }
  }

  static void backwardData(
      ConvShape s, float[] delta, int dAt, float[] prepared, float[] xDelta, int xdAt, int images) {
    Plan p = Plan.backward(s, images);
    for (int g = 0; g < p.groups; g++) {
      correlate(p, g, delta, dAt, prepared, xDelta, xdAt, true);
    }
  }

  private static void correlate(
      Plan p, int group, float[] x, int xAt, float[] w, float[] y, int yAt, boolean add) {
    int channels = p.channels();
    int k = p.size * channels;
    float[] input = p.inPlace() ? x : Scratch.mine().zeros(PADDED, p.paddedCount());
    float[] tile = Scratch.mine().tile;
    ForwardTiles sums =
        new ForwardTiles(input, p.stride * channels, p.pitch(), k, w, p.dilate * k * BLOCK);
    for (int n = 0; n < p.in.count; n++) {
      int start = read(p, group, x, xAt + p.in.at(n), input);
      int out = yAt + p.out.at(n) + group * p.groupFilters();
      for (int b = 0; b < p.blocks(); b++) {
        int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
        int block = p.packedAt(group, b);
        boolean direct = !add && filters == BLOCK;
        for (int oh = 0; oh < p.out.h; oh++) {
          int top = oh * p.stride - p.pad;
          int first = firstRow(p, top);
          int rows = rows(p, top, first);
          int source = start + (rows > 0 ? (top + first) / p.dilate * p.pitch() : 0);
          int weights = block + first * k * BLOCK;
          for (int ow = 0; ow < p.out.w; ow += TILE) {
            int pixels = Math.min(TILE, p.out.w - ow);
            int from = source + ow * p.stride * channels;
            int at = out + (oh * p.out.w + ow) * p.out.c + b * BLOCK;
            if (direct) {
              sums.run(pixels, rows, from, weights, y, at, p.out.c);
            } else {
              sums.run(pixels, rows, from, weights, tile, FIRST, BLOCK);
              put(tile, pixels, y, at, p.out.c, filters, add);
            }
          }
        }
      }
    }
  }

  /** Brings a tile (pixel, BLOCK) to its place. */
  private static void put(
      float[] tile, int pixels, float[] y, int yAt, int yStep, int filters, boolean add) {
    for (int i = 0; i < pixels; i++) {
      int at = yAt + i * yStep;
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

  /** Where the loops read one group of an image: where it lies, or its copy between zeros. */
  private static int read(Plan p, int group, float[] x, int image, float[] input) {
    if (p.inPlace()) {
      return image;
    }
    int channels = p.channels();
    int width = p.paddedWidth();
    int first = Math.max(0, -p.pad + p.dilate - 1) / p.dilate;
    int last = Math.min(p.in.w, (width - p.pad + p.dilate - 1) / p.dilate);
    for (int row = 0; row < p.in.h; row++) {
      int source = image + group * channels + row * p.in.w * p.in.c;
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

  static void backwardWeights(
      ConvShape s, float[] x, int xAt, float[] delta, int dAt, float[] u, int uAt, int images) {
    Plan p = Plan.forward(s, images);
    int pixels = p.out.h * p.out.w;
    boolean whole = p.groups == 1 && p.out.c % BLOCK == 0;
    int dStep = whole ? p.out.c : p.blocks() * BLOCK;
    for (int g = 0; g < p.groups; g++) {
      float[] input = p.inPlace() ? x : Scratch.mine().zeros(PADDED, p.paddedCount());
      float[] d = whole ? delta : Scratch.mine().array(DELTAS, Math.multiplyExact(pixels, dStep));
      for (int n = 0; n < p.in.count; n++) {
        int source = read(p, g, x, xAt + p.in.at(n), input);
        int dImage = dAt + p.out.at(n);
        if (!whole) {
          copyBlocks(p, delta, dImage + g * p.groupFilters(), d, dStep);
        }
        int target = uAt + g * p.groupFilters();
        gradients(p, input, source, d, whole ? dImage : FIRST, dStep, u, target);
      }
    }
  }

  /** Delta of one group (pixel, filter) with zeros up to whole blocks. */
  private static void copyBlocks(Plan p, float[] delta, int at, float[] d, int step) {
    int filters = p.groupFilters();
    for (int i = 0; i < p.out.h * p.out.w; i++) {
      int to = FIRST + i * step;
      System.arraycopy(delta, at + i * p.out.c, d, to, filters);
      Arrays.fill(d, to + filters, to + step, 0);
    }
  }

  private static void gradients(
      Plan p, float[] x, int xAt, float[] d, int dAt, int dStep, float[] updates, int uAt) {
    int channels = p.channels();
    int k = p.size * channels;
    float[] tile = Scratch.mine().tile;
    GradientTiles sums =
        new GradientTiles(x, p.stride * channels, p.stride * p.pitch(), d, dStep, p.out.w * dStep);
    for (int kh = 0; kh < p.size; kh++) {
      int first = Math.max(0, p.pad - kh + p.stride - 1) / p.stride;
      int end = Math.min(p.out.h, Math.floorDiv(p.in.h - 1 + p.pad - kh, p.stride) + 1);
      if (first >= end) {
        continue;
      }
      int source = xAt + (first * p.stride + kh - p.pad) * p.pitch();
      for (int i = 0; i < k; i += TILE) {
        int taps = Math.min(TILE, k - i);
        for (int b = 0; b < p.blocks(); b++) {
          int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
          int from = dAt + first * p.out.w * dStep + b * BLOCK;
          int at = uAt + (kh * k + i) * p.out.c + b * BLOCK;
          if (filters == BLOCK) {
            sums.run(taps, end - first, p.out.w, source + i, from, updates, at, p.out.c);
            continue;
          }
          for (int t = 0; t < taps; t++) {
            System.arraycopy(updates, at + t * p.out.c, tile, FIRST + t * BLOCK, filters);
          }
          sums.run(taps, end - first, p.out.w, source + i, from, tile, FIRST, BLOCK);
          for (int t = 0; t < taps; t++) {
            System.arraycopy(tile, FIRST + t * BLOCK, updates, at + t * p.out.c, filters);
          }
        }
      }
    }
  }
}
