package plinius.simd;

import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.LANES;
import static plinius.simd.Lanes.load;

import java.util.Arrays;
import plinius.kernel.ConvShape;

/**
 * Direct convolution, forward and backward, over padded rows: no im2col.
 *
 * <p>A row of taps (column, channel) is contiguous in a padded row of the input, so one long loop
 * runs over it. Padded copies, and weights packed by blocks of filters, lie in scratch arrays of
 * the thread and stay in its second-level cache. Callers have checked the ranges.
 */
final class VectorConvolution {

  /** Pixels of the largest forward tile, taps of the largest gradient tile. */
  private static final int MAX_TILE = 8;

  /** Scratch of one thread; it grows to the largest layer and stays. */
  private static final class Scratch {
    private float[] padded = {};
    private float[] packed = {};
    private final float[] tile = new float[MAX_TILE * BLOCK];

    float[] padded(int count) {
      if (padded.length < count) {
        padded = new float[count];
      }
      return padded;
    }

    float[] packed(int count) {
      if (packed.length < count) {
        packed = new float[count];
      }
      return packed;
    }
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private VectorConvolution() {}

  /**
   * A convolution reduced to what the loops need; backward to the data is one too, of the delta,
   * with the filter turned round.
   *
   * @param h height of the input
   * @param w width of the input
   * @param c its channels
   * @param dilate zeros + 1 between two input pixels: the stride of the forward convolution
   * @param pad may be negative in a backward convolution
   */
  private record Plan(
      int h,
      int w,
      int c,
      int dilate,
      int outH,
      int outW,
      int filters,
      int size,
      int stride,
      int pad,
      int groups) {

    static Plan forward(ConvShape s, int images) {
      if (s.size() == 1 && s.stride() == 1 && s.pad() == 0) {
        // Every pixel stands alone: all images are one long row.
        int pixels = images * s.h() * s.w();
        return new Plan(1, pixels, s.c(), 1, 1, pixels, s.filters(), 1, 1, 0, s.groups());
      }
      return new Plan(
          s.h(),
          s.w(),
          s.c(),
          1,
          s.outH(),
          s.outW(),
          s.filters(),
          s.size(),
          s.stride(),
          s.pad(),
          s.groups());
    }

    static Plan backward(ConvShape s, int images) {
      if (s.size() == 1 && s.stride() == 1 && s.pad() == 0) {
        int pixels = images * s.h() * s.w();
        return new Plan(1, pixels, s.filters(), 1, 1, pixels, s.c(), 1, 1, 0, s.groups());
      }
      return new Plan(
          s.outH(),
          s.outW(),
          s.filters(),
          s.stride(),
          s.h(),
          s.w(),
          s.c(),
          s.size(),
          1,
          s.size() - 1 - s.pad(),
          s.groups());
    }

    boolean allImagesInOne() {
      return size == 1 && stride == 1 && pad == 0 && dilate == 1;
    }

    int channels() {
      return c / groups;
    }

    int groupFilters() {
      return filters / groups;
    }

    int blocks() {
      return (groupFilters() + BLOCK - 1) / BLOCK;
    }

    /** Whether the input can be read where it is. */
    boolean inPlace() {
      return pad == 0 && dilate == 1 && groups == 1;
    }

    int paddedWidth() {
      return (outW - 1) * stride + size;
    }

    /** Values from one row of the input, as the loops read it, to the next. */
    int pitch() {
      return inPlace() ? w * c : paddedWidth() * channels();
    }

    int paddedCount() {
      return Math.multiplyExact(h, Math.multiplyExact(paddedWidth(), channels()));
    }
  }

  static void forward(
      ConvShape s,
      float[] x,
      int xAt,
      float[] weights,
      int wAt,
      float[] y,
      int yAt,
      int from,
      int to) {
    Plan p = Plan.forward(s, to - from);
    int images = p.allImagesInOne() ? 1 : to - from;
    for (int g = 0; g < p.groups; g++) {
      float[] packed = pack(p, weights, wAt + g * p.groupFilters(), s.filters());
      correlate(
          p, g, x, xAt + from * s.inputs(), packed, y, yAt + from * s.outputs(), images, false);
    }
  }

  static void backwardData(
      ConvShape s,
      float[] delta,
      int dAt,
      float[] transposed,
      int tAt,
      float[] xDelta,
      int xdAt,
      int from,
      int to) {
    Plan p = Plan.backward(s, to - from);
    int images = p.allImagesInOne() ? 1 : to - from;
    int group = s.weights() / s.groups();
    for (int g = 0; g < p.groups; g++) {
      float[] packed = pack(p, transposed, tAt + g * group, p.groupFilters());
      correlate(
          p,
          g,
          delta,
          dAt + from * s.outputs(),
          packed,
          xDelta,
          xdAt + from * s.inputs(),
          images,
          true);
    }
  }

  /** Weights (tap, filter) to (block, tap, BLOCK), zeros where a block has no filter. */
  private static float[] pack(Plan p, float[] weights, int at, int step) {
    int taps = p.size * p.size * p.channels();
    int filters = p.groupFilters();
    float[] packed =
        SCRATCH.get().packed(Math.multiplyExact(Math.multiplyExact(p.blocks(), taps), BLOCK));
    for (int b = 0; b < p.blocks(); b++) {
      int count = Math.min(BLOCK, filters - b * BLOCK);
      for (int t = 0; t < taps; t++) {
        int target = (b * taps + t) * BLOCK;
        System.arraycopy(weights, at + t * step + b * BLOCK, packed, target, count);
        Arrays.fill(packed, target + count, target + BLOCK, 0);
      }
    }
    return packed;
  }

  private static void correlate(
      Plan p,
      int group,
      float[] x,
      int xAt,
      float[] packed,
      float[] y,
      int yAt,
      int images,
      boolean add) {
    int channels = p.channels();
    int k = p.size * channels;
    float[] input = p.inPlace() ? x : zeroed(p);
    float[] tile = SCRATCH.get().tile;
    for (int n = 0; n < images; n++) {
      int image = xAt + n * p.h * p.w * p.c;
      int start = p.inPlace() ? image : 0;
      if (!p.inPlace()) {
        copyPadded(p, x, image + group * channels, input);
      }
      int out = yAt + n * p.outH * p.outW * p.filters + group * p.groupFilters();
      for (int b = 0; b < p.blocks(); b++) {
        int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
        int block = b * p.size * k * BLOCK;
        boolean direct = !add && filters == BLOCK;
        for (int oh = 0; oh < p.outH; oh++) {
          int top = oh * p.stride - p.pad;
          int first = firstRow(p, top);
          int rows = rows(p, top, first);
          int source = start + (rows > 0 ? (top + first) / p.dilate * p.pitch() : 0);
          int weights = block + first * k * BLOCK;
          int target = out + oh * p.outW * p.filters + b * BLOCK;
          for (int ow = 0; ow < p.outW; ) {
            int pixels = tile(p.outW, ow);
            int at = target + ow * p.filters;
            ForwardTiles.run(
                pixels,
                input,
                source + ow * p.stride * channels,
                p.stride * channels,
                p.pitch(),
                rows,
                k,
                packed,
                weights,
                (p.dilate - 1) * k * BLOCK,
                direct ? y : tile,
                direct ? at : 0,
                direct ? p.filters : BLOCK);
            if (!direct) {
              put(tile, pixels, y, at, p.filters, filters, add);
            }
            ow += pixels;
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
      int from = i * BLOCK;
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
    int inImage = p.h - (top + first) / p.dilate;
    return first >= p.size ? 0 : Math.max(0, Math.min(inFilter, inImage));
  }

  /** Pixels of the next tile: the widest that fits, sevens where the whole row is made of them. */
  private static int tile(int width, int at) {
    int left = width - at;
    if (left >= 8 && (width % 8 == 0 || width % 7 != 0)) {
      return 8;
    }
    return left >= 7 ? 7 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  private static float[] zeroed(Plan p) {
    float[] padded = SCRATCH.get().padded(p.paddedCount());
    Arrays.fill(padded, 0, p.paddedCount(), 0);
    return padded;
  }

  /** Copies one group of one image between the zeros. */
  private static void copyPadded(Plan p, float[] x, int at, float[] padded) {
    int channels = p.channels();
    int width = p.paddedWidth();
    int first = Math.max(0, -p.pad + p.dilate - 1) / p.dilate;
    int last = Math.min(p.w, (width - p.pad + p.dilate - 1) / p.dilate);
    for (int row = 0; row < p.h; row++) {
      int source = at + row * p.w * p.c;
      int target = (row * width + p.pad) * channels;
      if (last <= first) {
        continue;
      }
      if (channels == p.c && p.dilate == 1) {
        System.arraycopy(
            x,
            source + first * channels,
            padded,
            target + first * channels,
            (last - first) * channels);
      } else {
        for (int column = first; column < last; column++) {
          System.arraycopy(
              x, source + column * p.c, padded, target + column * p.dilate * channels, channels);
        }
      }
    }
  }

  static void backwardWeights(
      ConvShape s,
      float[] x,
      int xAt,
      float[] delta,
      int dAt,
      float[] updates,
      int uAt,
      int from,
      int to) {
    Plan p = Plan.forward(s, to - from);
    int images = p.allImagesInOne() ? 1 : to - from;
    int pixels = p.outH * p.outW;
    boolean whole = p.groups == 1 && p.filters % BLOCK == 0;
    int dStep = whole ? p.filters : p.blocks() * BLOCK;
    for (int g = 0; g < p.groups; g++) {
      float[] input = p.inPlace() ? x : zeroed(p);
      float[] d = whole ? delta : SCRATCH.get().packed(Math.multiplyExact(pixels, dStep));
      for (int n = 0; n < images; n++) {
        int image = xAt + from * s.inputs() + n * p.h * p.w * p.c;
        int dImage = dAt + from * s.outputs() + n * pixels * p.filters;
        if (!p.inPlace()) {
          copyPadded(p, x, image + g * p.channels(), input);
        }
        if (!whole) {
          copyBlocks(p, delta, dImage + g * p.groupFilters(), d, dStep);
        }
        int target = uAt + g * p.groupFilters();
        gradients(p, input, p.inPlace() ? image : 0, d, whole ? dImage : 0, dStep, updates, target);
      }
    }
  }

  /** Delta of one group (pixel, filter) with zeros up to whole blocks. */
  private static void copyBlocks(Plan p, float[] delta, int at, float[] d, int step) {
    int filters = p.groupFilters();
    for (int i = 0; i < p.outH * p.outW; i++) {
      System.arraycopy(delta, at + i * p.filters, d, i * step, filters);
      Arrays.fill(d, i * step + filters, (i + 1) * step, 0);
    }
  }

  private static void gradients(
      Plan p, float[] x, int xAt, float[] d, int dAt, int dStep, float[] updates, int uAt) {
    int channels = p.channels();
    int k = p.size * channels;
    float[] tile = SCRATCH.get().tile;
    for (int kh = 0; kh < p.size; kh++) {
      int first = Math.max(0, p.pad - kh + p.stride - 1) / p.stride;
      int end = Math.min(p.outH, Math.floorDiv(p.h - 1 + p.pad - kh, p.stride) + 1);
      if (first >= end) {
        continue;
      }
      int source = xAt + (first * p.stride + kh - p.pad) * p.pitch();
      for (int i = 0; i < k; ) {
        int taps = k - i >= 8 ? 8 : k - i >= 4 ? 4 : 1;
        for (int b = 0; b < p.blocks(); b++) {
          int filters = Math.min(BLOCK, p.groupFilters() - b * BLOCK);
          int at = uAt + (kh * k + i) * p.filters + b * BLOCK;
          boolean direct = filters == BLOCK;
          for (int t = 0; t < taps && !direct; t++) {
            System.arraycopy(updates, at + t * p.filters, tile, t * BLOCK, filters);
          }
          GradientTiles.run(
              taps,
              x,
              source + i,
              p.stride * channels,
              p.stride * p.pitch(),
              d,
              dAt + first * p.outW * dStep + b * BLOCK,
              dStep,
              p.outW * dStep,
              end - first,
              p.outW,
              direct ? updates : tile,
              direct ? at : 0,
              direct ? p.filters : BLOCK);
          for (int t = 0; t < taps && !direct; t++) {
            System.arraycopy(tile, t * BLOCK, updates, at + t * p.filters, filters);
          }
        }
        i += taps;
      }
    }
  }
}
