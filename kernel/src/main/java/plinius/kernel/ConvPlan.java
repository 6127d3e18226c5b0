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

  /** Outputs of a Winograd tile, and its inputs, along one axis. */
  static final int TILE = 4;

  static final int PATCH = 6;

  /** Channels and filters must fill blocks of so many: two vectors of 512 bits. */
  private static final int BLOCK = 32;

  /** The plan for a shape. */
  public static ConvPlan of(ConvShape s) {
    boolean fits =
        s.size() == 3
            && s.stride() == 1
            && s.pad() <= 2
            && s.groups() == 1
            && s.c() % BLOCK == 0
            && s.filters() % BLOCK == 0;
    long products = (long) PATCH * PATCH * tiles(s.outH()) * tiles(s.outW());
    boolean saves = 2 * products <= 9L * s.outH() * s.outW();
    boolean small = (long) PATCH * PATCH * s.c() * s.filters() <= 1 << 25;
    return fits && saves && small ? WINOGRAD : DIRECT;
  }

  /** Tiles that cover so many outputs. */
  static int tiles(int outputs) {
    return (outputs + TILE - 1) / TILE;
  }

  /**
   * Floats that any implementation needs for the weights of a shape in the form its loops read:
   * whole blocks of filters, or of channels on the way back.
   */
  public static int preparedFloats(ConvShape s) {
    if (of(s) == WINOGRAD) {
      return PATCH * PATCH * s.c() * s.filters();
    }
    long taps = (long) s.size() * s.size() * s.groups();
    long forward = taps * s.groupChannels() * blocks(s.groupFilters());
    long backward = taps * s.groupFilters() * blocks(s.groupChannels());
    return Math.toIntExact(Math.max(forward, backward));
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

  /** Why, for people. */
  public static String explain(ConvShape s) {
    return of(s) == WINOGRAD
        ? "winograd F(4x4,3x3): %d x %d tiles of 4 x 4 outputs"
            .formatted(tiles(s.outH()), tiles(s.outW()))
        : "direct: the sums of the definition";
  }
}
