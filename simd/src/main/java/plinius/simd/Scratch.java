package plinius.simd;

import static java.util.Objects.checkFromIndexSize;
import static plinius.simd.Lanes.BLOCK;
import static plinius.simd.Lanes.FIRST;
import static plinius.simd.Lanes.LANES;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import plinius.simd.VectorWinograd.Padded;

/**
 * What the loops of one thread need besides their arguments. It grows to the largest layer, and
 * then they allocate nothing. It keeps hold of the last convolution's arrays until the next.
 */
final class Scratch {
  private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

  /**
   * Pixels whose results, a block of filters, are computed before they are brought to their place.
   */
  static final int TILE = 64;

  /** Pixels that one pass of a weight gradient sums over, or those of one row if they are more. */
  static final int PIXELS = 256;

  /** What an array is for: those in use together have names of their own. */
  enum Use {
    /** An image with zeros around it. */
    PADDED,
    /** The deltas of an image, filled up to whole tiles or blocks. */
    DELTAS,
    /** Transformed inputs. */
    PLANES,
    /** Products of transformed inputs and weights, or transformed deltas. */
    PRODUCTS,
    /** The outputs of a tile, all filters. */
    TILE,
    /** Transformed updates, or transposed weights. */
    WEIGHTS
  }

  /** 6 x 6 vectors between the two passes of a transform, from FIRST on. */
  final float[] patch = new float[FIRST + WinogradTransforms.PATCH * LANES];

  /** Results of a block of filters, or 4 x 4 vectors of outputs, from FIRST on. */
  final float[] tile = new float[FIRST + TILE * BLOCK];

  /** Where pixels lie in what is read. */
  final Places xs = new Places();

  /** And in what is written, or in deltas. */
  final Places ys = new Places();

  /** Of the convolution under way. */
  final ForwardTiles forward = new ForwardTiles();

  final GradientTiles gradient = new GradientTiles();
  final Padded inputs = new Padded();
  final Padded deltas = new Padded();

  private final Map<Use, float[]> arrays = new EnumMap<>(Use.class);

  private Scratch() {}

  /** The calling thread's. */
  static Scratch mine() {
    return MINE.get();
  }

  /**
   * At least {@code count} values from FIRST on, of whatever was there before.
   *
   * @throws IndexOutOfBoundsException if count is negative, or more than an array has: behind this
   *     no store is checked
   */
  float[] array(Use use, int count) {
    int length = checkFromIndexSize(FIRST, count, Integer.MAX_VALUE) + count;
    float[] array = arrays.get(use);
    if (array == null || array.length < length) {
      array = new float[length];
      arrays.put(use, array);
    }
    return array;
  }

  /** As {@link #array}, these values 0. */
  float[] zeros(Use use, int count) {
    float[] array = array(use, count);
    Arrays.fill(array, FIRST, FIRST + count, 0);
    return array;
  }

  /** Where listed pixels lie. */
  static final class Places {
    private int[] at = new int[PIXELS];

    /**
     * Lists pixels, in order from 0.
     *
     * @param image from one image to the next; so with rows and pixels
     */
    int[] list(int images, int rows, int perRow, int image, int row, int pixel) {
      if (at.length < images * rows * perRow) {
        at = new int[images * rows * perRow];
      }
      int count = 0;
      for (int n = 0; n < images; n++) {
        for (int r = 0; r < rows; r++) {
          for (int i = 0; i < perRow; i++) {
            at[count++] = n * image + r * row + i * pixel;
          }
        }
      }
      return at;
    }
  }
}
