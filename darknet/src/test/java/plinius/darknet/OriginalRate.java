package plinius.darknet;

import java.util.Set;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.Quirk;

/** The original's learning rate, with those of its defects that are asked for. */
final class OriginalRate {
  private OriginalRate() {}

  static float at(LearningRate repaired, long iteration, Set<Quirk> on) {
    Section net = repaired.net();
    float rate = net.decimal("learning_rate");
    String policy = iteration < net.integer("burn_in") ? "constant" : net.word("policy");
    int step = net.integer("step");
    int last = net.integer("max_batches");
    if (policy.equals("sigmoid") && iteration < step && on.contains(Quirk.SIGMOID_UNDERFLOW)) {
      float distance = iteration - step + 0x1p64f;
      return (float) (rate * (1. / (1. + StrictMath.exp(net.decimal("gamma") * distance))));
    }
    if (policy.equals("poly") && iteration > last && on.contains(Quirk.POLY_PAST_MAX_BATCHES)) {
      return (float) (rate * StrictMath.pow(1 - (float) iteration / last, net.decimal("power")));
    }
    return repaired.at(iteration);
  }
}
