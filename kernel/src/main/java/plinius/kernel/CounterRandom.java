package plinius.kernel;

/**
 * Random numbers by position: the same (seed, purpose, iteration, index) always gives the same
 * number, so a resumed run has nothing to replay. Philox4x32-10 (Salmon et al., SC 2011).
 */
public final class CounterRandom implements Draws {

  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private final int key0;
  private final int key1;

  public CounterRandom(long seed) {
    key0 = (int) seed;
    key1 = (int) (seed >>> 32);
  }

  /** Uniform in [0, 1), in steps of 2^-24. */
  @Override
  public float uniform(int purpose, long iteration, long index) {
    long block = philox(purpose, iteration, index >>> 1);
    int bits = (int) ((index & 1) == 0 ? block : block >>> 32);
    return (bits >>> 8) * 0x1p-24f;
  }

  /** {@link #uniform} of the indexes from first on; twice as fast, a block gives two. */
  @Override
  public void uniforms(int purpose, long iteration, long first, float[] into, int at, int count) {
    for (int i = 0; i < count; ) {
      long index = first + i;
      long block = philox(purpose, iteration, index >>> 1);
      if ((index & 1) == 0) {
        into[at + i++] = ((int) block >>> 8) * 0x1p-24f;
      }
      if (i < count) {
        into[at + i++] = ((int) (block >>> 32) >>> 8) * 0x1p-24f;
      }
    }
  }

  /** Normal with mean 0 and deviation 1, by Box and Muller. */
  public float normal(int purpose, long iteration, long index) {
    long block = philox(purpose, iteration, index);
    double u = (((int) block >>> 8) + 1) * 0x1p-24;
    double v = ((int) (block >>> 32) >>> 8) * 0x1p-24;
    return (float) (StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v));
  }

  /** The first 64 bits of the block at counter (purpose, iteration, index). */
  private long philox(int purpose, long iteration, long index) {
    if (iteration >>> 32 != 0 || index >>> 32 != 0) {
      throw new IllegalArgumentException(
          "counter out of range: iteration %d, index %d".formatted(iteration, index));
    }
    long[] out = philox(key0, key1, (int) index, (int) iteration, purpose, 0);
    return out[0] | out[1] << 32;
  }

  /** Ten rounds over a 128-bit counter; four words as unsigned values, for the known answers. */
  static long[] philox(int k0, int k1, int c0, int c1, int c2, int c3) {
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c0 = n0;
      c1 = (int) p1;
      c2 = n2;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    return new long[] {c0 & 0xFFFFFFFFL, c1 & 0xFFFFFFFFL, c2 & 0xFFFFFFFFL, c3 & 0xFFFFFFFFL};
  }
}
