package plinius.darknet.cfg;

/** What the keys of [net] must be together. */
final class NetRules {
  private NetRules() {}

  static void check(Section net) {
    batch(net);
    inputs(net);
    policy(net);
  }

  private static void batch(Section net) {
    int batch = net.integer("batch");
    int subdivisions = net.integer("subdivisions");
    if (batch % subdivisions != 0) {
      throw net.refuse(
          "subdivisions", "does not divide batch=" + batch + "; images would be left out.");
    }
  }

  private static void inputs(Section net) {
    long image = (long) net.integer("height") * net.integer("width") * net.integer("channels");
    int inputs = net.integer("inputs");
    if (image == 0 && inputs == 0) {
      throw net.refuse("says nothing about the input: give height, width and channels, or inputs.");
    }
    if (image == 0
        && (net.integer("height") | net.integer("width") | net.integer("channels")) != 0) {
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
    if (policy.equals("steps")) {
      int steps = net.integers("steps").length;
      int scales = net.decimals("scales").length;
      if (steps == 0 || steps != scales) {
        throw net.refuse(
            "policy",
            "needs as many scales as steps, at least one; there are "
                + steps
                + " steps and "
                + scales
                + " scales.");
      }
    }
    if (policy.equals("poly") && net.integer("max_batches") == 0) {
      throw net.refuse("policy", "needs max_batches.");
    }
  }
}
