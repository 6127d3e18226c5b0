package plinius.darknet.data;

import plinius.kernel.Draws;

/** The random choices for one image, in the order in which the original makes them. */
public class Chance {
  /** What augmentation draws; above the layers' purposes. */
  public static final int AUGMENTATION = 1 << 18;

  /** Where the streams of a text begin. */
  public static final int TEXT = AUGMENTATION + 1;

  /** When a stream of a text goes on elsewhere. */
  public static final int TEXT_MOVES = AUGMENTATION + 3;

  /** Which characters a generated text has. */
  public static final int GENERATION = AUGMENTATION + 2;

  private final Draws draws;
  private final long position;
  private int drawn;

  /** The choices for image {@code position} of a training, counted from its begin. */
  public Chance(Draws draws, long position) {
    this.draws = draws;
    this.position = position;
  }

  /** Uniform from 0 to 1. */
  public float uniform() {
    // A counter word has 32 bits: what a position has beyond them joins the other word.
    long index = ((position >>> 32) << 16) | drawn++;
    return draws.uniform(AUGMENTATION, position & 0xffffffffL, index);
  }

  /** One of 0 to count - 1. */
  public int below(int count) {
    return (int) ((double) uniform() * count);
  }

  /** Uniform between two bounds, in either order (rand_uniform). */
  public final float between(float a, float b) {
    float min = Math.min(a, b);
    return uniform() * (Math.max(a, b) - min) + min;
  }

  /** A factor from 1 to {@code scale}, or its inverse (rand_scale). */
  public final float scale(float scale) {
    float factor = between(1, scale);
    return below(2) == 1 ? factor : (float) (1. / factor);
  }
}
