package plinius.darknet.layer;

import java.util.OptionalDouble;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;

/**
 * exp(x / temperature) over its sum, group by group, with the cross entropy as loss (darknet
 * softmax_layer.c, blas.c softmax and softmax_x_ent_cpu at f6afaab). As there, the loss counts -log
 * p once for every truth that is not 0, and the temperature is not in the gradient. A group is a
 * run of values in Darknet's (c, h, w) order, or, with spatial=1, the channels of one place.
 */
public final class SoftmaxLayer implements Layer {
  private final LayerCommon common;
  private final Shape out;
  private final int groups;
  private final int groupSize;
  private final float temperature;
  private final boolean withLoss;
  private final int[] places; // (groups, groupSize): where each value lies in (h, w, c)
  private final float[] output; // (batch, out)
  private final float[] delta; // (batch, out)
  private final double[] losses = new double[Pass.MAX_SHARDS];
  private double cost;

  /** A softmax of the output of the layer before. */
  public SoftmaxLayer(
      LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    this.common = common;
    if (section.has("tree")) {
      throw section.refuse("tree", "is not available in this version.");
    }
    boolean spatial = section.flag("spatial") && !quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    groups = spatial ? in.h() * in.w() : section.integer("groups");
    int inputs = in.count();
    if (inputs % groups != 0) {
      throw section.refuse("groups", "does not divide the " + inputs + " inputs.");
    }
    groupSize = inputs / groups;
    temperature = section.decimal("temperature");
    withLoss = !section.flag("noloss");
    places = new int[inputs];
    for (int i = 0; i < inputs; i++) {
      places[i] = spatial ? i : in.place(i);
    }
    out = new Shape(in.h(), in.w(), in.c(), false);
    output = storage.activations(inputs);
    delta = storage.trainingActivations(inputs);
  }

  @Override
  public void forward(Pass pass) {
    boolean withTruth = pass.hasTruth() && withLoss;
    pass.run(
        shard -> {
          losses[shard] = 0;
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            for (int group = 0; group < groups; group++) {
              softmax(pass.input, image * out.count(), group * groupSize);
            }
            if (withTruth) {
              losses[shard] += crossEntropy(pass, image * out.count());
            }
          }
        });
    cost = 0;
    for (int shard = 0; shard < pass.shards; shard++) {
      cost += losses[shard];
    }
  }

  private void softmax(float[] input, int image, int first) {
    float largest = -Float.MAX_VALUE;
    for (int i = first; i < first + groupSize; i++) {
      largest = Math.max(largest, input[image + places[i]]);
    }
    float sum = 0;
    for (int i = first; i < first + groupSize; i++) {
      int at = image + places[i];
      float e = (float) StrictMath.exp(input[at] / temperature - largest / temperature);
      sum += e;
      output[at] = e;
    }
    for (int i = first; i < first + groupSize; i++) {
      output[image + places[i]] /= sum;
    }
  }

  private double crossEntropy(Pass pass, int image) {
    double loss = 0;
    for (int at = image; at < image + out.count(); at++) {
      float truth = pass.truth[at];
      float p = output[at];
      if (truth != 0) {
        loss += (float) -StrictMath.log(p);
      }
      if (pass.training) {
        delta[at] = truth - p;
      }
    }
    return loss;
  }

  @Override
  public void backward(Pass pass) {
    if (pass.wantsInputDelta()) {
      pass.run(
          shard -> {
            int from = pass.from(shard) * out.count();
            int to = pass.from(shard + 1) * out.count();
            pass.kernels.add(delta, from, pass.inputDelta, from, to - from);
          });
    }
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public LayerCommon common() {
    return common;
  }

  @Override
  public Shape out() {
    return out;
  }

  @Override
  public float[] output() {
    return output;
  }

  @Override
  public float[] delta() {
    return delta;
  }
}
