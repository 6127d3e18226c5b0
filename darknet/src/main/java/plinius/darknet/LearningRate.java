package plinius.darknet;

import plinius.darknet.cfg.Section;
import plinius.darknet.layer.Draws;
import plinius.darknet.layer.Purpose;

/**
 * The learning rate after so many iterations (darknet network.c get_current_rate at f6afaab).
 * Powers and exponentials go through double, as there.
 */
final class LearningRate {
  private final String policy;
  private final float rate;
  private final long burnIn;
  private final float power;
  private final int step;
  private final float scale;
  private final int[] steps;
  private final float[] scales;
  private final float gamma;
  private final int maxBatches;
  private final Quirks quirks;
  private final Draws draws;

  LearningRate(Section net, Quirks quirks, Draws draws) {
    policy = net.word("policy");
    rate = net.decimal("learning_rate");
    burnIn = net.integer("burn_in");
    power = net.decimal("power");
    step = net.integer("step");
    scale = net.decimal("scale");
    steps = net.integers("steps");
    scales = net.decimals("scales");
    gamma = net.decimal("gamma");
    maxBatches = net.integer("max_batches");
    this.quirks = quirks;
    this.draws = draws;
  }

  /** The rate for the update that completes iteration {@code iteration}, the first being 1. */
  float at(long iteration) {
    if (iteration < burnIn) {
      return (float) (rate * StrictMath.pow((float) iteration / burnIn, power));
    }
    return switch (policy) {
      case "step" -> {
        long times = iteration / step;
        yield (float) (rate * StrictMath.pow(scale, (double) times));
      }
      case "steps" -> steps(iteration);
      case "exp" -> (float) (rate * StrictMath.pow(gamma, (double) iteration));
      case "poly" -> {
        float left = 1 - (float) iteration / maxBatches;
        if (left < 0 && !quirks.has(Quirk.POLY_PAST_MAX_BATCHES)) {
          left = 0;
        }
        yield (float) (rate * StrictMath.pow(left, power));
      }
      case "random" -> {
        float draw = draws.uniform(Purpose.LEARNING_RATE, iteration, 0);
        yield (float) (rate * StrictMath.pow(draw, power));
      }
      case "sigmoid" -> {
        float distance = iteration - step;
        if (distance < 0 && quirks.has(Quirk.SIGMOID_UNDERFLOW)) {
          distance += 0x1p64f;
        }
        yield (float) (rate * (1. / (1. + StrictMath.exp(gamma * distance))));
      }
      default -> rate;
    };
  }

  private float steps(long iteration) {
    float scaled = rate;
    for (int i = 0; i < steps.length && steps[i] <= iteration; i++) {
      scaled *= scales[i];
    }
    return scaled;
  }
}
