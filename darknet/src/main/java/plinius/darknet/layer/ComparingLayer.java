package plinius.darknet.layer;

import java.util.OptionalDouble;
import plinius.darknet.NetworkException;

/** A layer that compares its output with a truth, and so owns a cost. */
abstract class ComparingLayer extends Layer {
  double cost;

  /** (batch, out), each value's own loss, where the layer has such; else empty. */
  float[] losses = Pass.NOTHING;

  ComparingLayer(Site site, Shape out) {
    super(site, out);
  }

  @Override
  void addInputDelta(Pass pass) {
    passDeltaOn(pass);
  }

  @Override
  public final OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  /** The truth of value i of the batch; truths are in Darknet's (c, h, w) order. */
  final float truth(Pass pass, int i) {
    int value = i % out.count();
    return pass.truth[i - value + out.chw(value)];
  }

  /** The class that a truth names. */
  static int classOf(float truth, int classes) {
    int number = (int) truth;
    if (number < 0 || number >= classes) {
      throw new NetworkException(
          "a truth names a class that the layer, with " + classes + " classes, does not have.");
    }
    return number;
  }

  /** For layers whose cost is the sum of their losses, or of their output. */
  final double sum(Pass pass, float[] losses) {
    double sum = 0;
    for (int i = 0; i < pass.images * out.count(); i++) {
      sum += losses[i];
    }
    return sum;
  }

  /** For layers whose cost is the sum of their squared deltas. */
  final double squaredDelta(Pass pass) {
    double sum = 0;
    for (int i = 0; i < pass.images * out.count(); i++) {
      sum += delta[i] * delta[i];
    }
    return sum;
  }
}
