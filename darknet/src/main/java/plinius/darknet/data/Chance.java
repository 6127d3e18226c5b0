package plinius.darknet.data;

import plinius.kernel.CounterRandom;

/** The random choices for one image, in the order in which the original makes them. */
public interface Chance {
  /** Uniform from 0 to 1. */
  float uniform();

  /** One of 0 to count - 1. */
  int below(int count);

  /** Uniform between two bounds, in either order (rand_uniform). */
  default float between(float a, float b) {
    float min = Math.min(a, b);
    return uniform() * (Math.max(a, b) - min) + min;
  }

  /** A factor from 1 to {@code scale}, or its inverse (rand_scale). */
  default float scale(float scale) {
    float factor = between(1, scale);
    return below(2) == 1 ? factor : (float) (1. / factor);
  }

  /** What augmentation draws; above the layers' purposes. */
  int AUGMENTATION = 1 << 18;

  /** Where the streams of a text begin. */
  int TEXT = AUGMENTATION + 1;

  /** When a stream of a text goes on elsewhere. */
  int TEXT_MOVES = AUGMENTATION + 3;

  /** Which characters a generated text has. */
  int GENERATION = AUGMENTATION + 2;

  /** The choices for image {@code position} of a training, counted from its begin. */
  static Chance of(CounterRandom random, int purpose, long position) {
    return new Chance() {
      private int drawn;

      @Override
      public float uniform() {
        // A counter word has 32 bits: what a position has beyond them joins the other word.
        return random.uniform(purpose, position & 0xffffffffL, ((position >>> 32) << 16) | drawn++);
      }

      @Override
      public int below(int count) {
        return (int) ((double) uniform() * count);
      }
    };
  }
}
