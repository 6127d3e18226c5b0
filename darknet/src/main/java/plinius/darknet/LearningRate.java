package plinius.darknet;

import plinius.darknet.cfg.Section;
import plinius.kernel.Draws;

/**
 * The learning rate after so many iterations (darknet network.c get_current_rate at f6afaab).
 * Powers and exponentials go through double, as there.
 */
record LearningRate(Section net, Draws draws) {
  /** The rate for the update that completes iteration {@code iteration}, the first being 1. */
  float at(long iteration) {
    float rate = net.decimal("learning_rate");
    float power = net.decimal("power");
    int burnIn = net.integer("burn_in");
    if (iteration < burnIn) {
      return (float) (rate * StrictMath.pow((float) iteration / burnIn, power));
    }
    return switch (net.word("policy")) {
      case "step" -> {
        long times = iteration / net.integer("step");
        yield (float) (rate * StrictMath.pow(net.decimal("scale"), (double) times));
      }
      case "steps" -> steps(rate, iteration);
      case "exp" -> (float) (rate * StrictMath.pow(net.decimal("gamma"), (double) iteration));
      case "poly" -> {
        float left = 1 - (float) iteration / net.integer("max_batches");
        yield (float) (rate * StrictMath.pow(Math.max(0, left), power));
      }
      case "random" -> {
        float draw = draws.uniform(Draws.LEARNING_RATE, iteration, 0);
        yield (float) (rate * StrictMath.pow(draw, power));
      }
      case "sigmoid" -> {
        float distance = iteration - net.integer("step");
        yield (float) (rate * (1. / (1. + StrictMath.exp(net.decimal("gamma") * distance))));
      }
      default -> rate;
    };
  }

  private float steps(float rate, long iteration) {
    int[] steps = net.integers("steps");
    float[] scales = net.decimals("scales");
    float scaled = rate;
    for (int i = 0; i < steps.length && steps[i] <= iteration; i++) {
      scaled *= scales[i];
    }
    return scaled;
  }
}
