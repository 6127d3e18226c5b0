package plinius.kernel;

/**
 * How a convolution is computed: a pure function of its shape and of {@link Kernels#VERSION}, never
 * of the machine, because the bits of the results depend on it.
 *
 * <p>Winograd's F(4x4, 3x3) (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks,
 * 2016, section 4.3) needs 36 multiplications for 4 x 4 outputs where the definition needs 144. Its
 * transforms pay from 32 channels and filters on, and only where the tiles do not lie mostly
 * outside the image.
 */
public enum ConvPlan {
  /** The sums of the definition. */
  DIRECT,
  /** Winograd's F(4x4, 3x3), forward and both ways back. */
  WINOGRAD;

  /** Outputs of a Winograd tile along one axis, in pixels. */
  public static final int TILE = 4;

  /** Inputs of a Winograd tile along one axis, in pixels. */
  public static final int PATCH = 6;

  /** Channels and filters must fill blocks of so many: two vectors of 512 bits. */
  private static final int BLOCK = 32;

  /**
   * Floats left over at the beginning, so that an implementation may begin where a line of the
   * cache does, and behind each of Winograd's planes, lest these lie a power of two apart.
   */
  public static final int MARGIN = 16;

  /** The plan for a shape. */
  public static ConvPlan of(ConvShape s) {
    return obstacle(s).isEmpty() ? WINOGRAD : DIRECT;
  }

  /** Why a shape is not for Winograd's way, for people; empty if it is. */
  public static String obstacle(ConvShape s) {
    if (s.size() != 3 || s.stride() != 1 || s.pad() > 2 || s.groups() != 1) {
      return "no 3 x 3 filters with stride 1 in one group";
    }
    if (s.c() % BLOCK != 0 || s.filters() % BLOCK != 0) {
      return "channels or filters are no multiple of " + BLOCK;
    }
    long products = (long) PATCH * PATCH * tiles(s.outH()) * tiles(s.outW());
    if (2 * products > 9L * s.outH() * s.outW()) {
      return "tiles of 4 x 4 would lie mostly outside the image";
    }
    boolean small = (long) PATCH * PATCH * s.c() * s.filters() <= 1 << 25;
    return small ? "" : "the transformed weights would be more than 2^25";
  }

  /** Tiles that cover so many outputs. */
  public static int tiles(int outputs) {
    return (outputs + TILE - 1) / TILE;
  }

  /**
   * Floats that any implementation needs for the weights of a shape in the form its loops read:
   * whole blocks of filters, or of channels on the way back.
   *
   * @throws IllegalArgumentException if that is more than an array holds
   */
  public static int preparedFloats(ConvShape s) {
    if (of(s) == WINOGRAD) {
      return sumFloats(s);
    }
    long taps = (long) s.size() * s.size() * s.groups();
    long forward = taps * s.groupChannels() * blocks(s.groupFilters());
    long backward = taps * s.groupFilters() * blocks(s.groupChannels());
    long most = MARGIN + Math.max(forward, backward);
    return Ranges.array("weights in blocks of " + BLOCK, most, 1, 1);
  }

  /** Floats that a {@link #WINOGRAD} convolution's transformed weights, or updates, take. */
  public static int sumFloats(ConvShape s) {
    return (int) sumFloats(s.weights());
  }

  /** The same for so many weights, of whatever channels and filters. */
  public static long sumFloats(long weights) {
    return MARGIN + PATCH * PATCH * (weights / 9 + MARGIN);
  }

  private static long blocks(int count) {
    return (count + BLOCK - 1L) / BLOCK * BLOCK;
  }

  /**
   * Images that are best convolved together: whose tiles fill a pass, and whose outputs are still
   * in the second-level cache for what comes next. Changes no bit.
   */
  public static int images(ConvShape s) {
    return Math.max(1, 64 / (tiles(s.outH()) * tiles(s.outW())));
  }
}
