package plinius.darknet.cfg;

/** What the keys of [net] must be together. */
final class NetRules {
  private NetRules() {}

  static void check(Section net) {
    int batch = net.integer("batch");
    if (batch % net.integer("subdivisions") != 0) {
      throw net.refuse(
          "subdivisions", "does not divide batch=" + batch + "; images would be left out.");
    }
    if ((long) batch * net.integer("time_steps") > Integer.MAX_VALUE) {
      throw net.refuse("time_steps", "times batch=" + batch + " is more than 2^31 - 1 images.");
    }
    inputs(net);
    policy(net);
  }

  private static void inputs(Section net) {
    int h = net.integer("height");
    int w = net.integer("width");
    int c = net.integer("channels");
    long image = (long) h * w * c;
    int inputs = net.integer("inputs");
    if (image == 0 && inputs == 0) {
      throw net.refuse("says nothing about the input: give height, width and channels, or inputs.");
    }
    if (image == 0 && (h | w | c) != 0) {
      throw net.refuse("has only some of height, width and channels; give all three, or inputs.");
    }
    if (image > 1 << 28) {
      throw net.refuse(
          "has an image of " + image + " values; at most " + (1 << 28) + " are possible.");
    }
    if (image != 0 && inputs != 0 && image != inputs) {
      throw net.refuse("inputs", "is not height x width x channels = " + image + ".");
    }
  }

  private static void policy(Section net) {
    String policy = net.word("policy");
    int steps = net.integers("steps").length;
    int scales = net.decimals("scales").length;
    if (policy.equals("steps") && (steps == 0 || steps != scales)) {
      throw net.refuse(
          "policy",
          "needs as many scales as steps, at least one; there are %s steps and %s scales."
              .formatted(steps, scales));
    }
    if (policy.equals("poly") && net.integer("max_batches") == 0) {
      throw net.refuse("policy", "needs max_batches.");
    }
  }
}
