package plinius.kernel;

/**
 * The points at which F(4x4, 3x3) evaluates its polynomials: 0, A, -A, B, -B and infinity.
 *
 * <p>The usual 1 and 2 lose several times as much accuracy. 5/8 and 3/2, the points of oneDNN
 * (jit_avx512_core_f32_wino_conv_4x3_kernel), keep all matrices near size 1, and all constants of
 * the data's transforms are exact in binary.
 */
public final class WinogradPoints {
  public static final float A = 0.625f;
  public static final float B = 1.5f;
  public static final float A2 = A * A;
  public static final float B2 = B * B;

  /** 1 / the product of a point's distances from the others, which the filters' transform takes. */
  public static final float PER_ZERO = (float) (1.0 / (A2 * B2));

  public static final float PER_A = (float) (1.0 / (2.0 * A2 * (A2 - B2)));
  public static final float PER_B = (float) (1.0 / (2.0 * B2 * (B2 - A2)));

  private WinogradPoints() {}
}
