package plinius.darknet.layer;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntUnaryOperator;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;

/**
 * exp(x / temperature) over its sum, group by group, with the cross entropy as loss (darknet
 * softmax_layer.c, blas.c softmax and softmax_x_ent_cpu at f6afaab). As there, the loss counts -log
 * p once for every truth that is not 0, and the temperature is not in the gradient. A group is a
 * run of values in Darknet's (c, h, w) order, or the siblings of a tree, or, with spatial=1, the
 * channels of one place.
 */
public final class SoftmaxLayer extends Layer {
  private final int[] groupSizes;
  private final float temperature;
  private final boolean withLoss;
  private final boolean masked;
  private final int[] places; // by group: where each value lies in (h, w, c)
  private final int[] truthPlaces; // (h, w, c): where each value's truth lies in (c, h, w)
  private final float[] losses; // (batch, out)
  private double cost;

  /** A softmax of the output of the layer before. */
  public SoftmaxLayer(
      LayerCommon common,
      Section section,
      Shape in,
      Optional<Tree> tree,
      Quirks quirks,
      Storage storage) {
    super(common, new Shape(in.h(), in.w(), in.c(), false), storage);
    boolean spatial = section.flag("spatial") && !quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    int inputs = in.count();
    if (tree.isPresent()) {
      groupSizes = tree.get().groupSizes();
      if (tree.get().size() != inputs) {
        throw section.refuse(
            "tree", "has " + tree.get().size() + " nodes for " + inputs + " inputs.");
      }
    } else {
      int groups = spatial ? in.h() * in.w() : section.integer("groups");
      if (inputs % groups != 0) {
        throw section.refuse("groups", "does not divide the " + inputs + " inputs.");
      }
      groupSizes = new int[groups];
      Arrays.fill(groupSizes, inputs / groups);
    }
    temperature = spatial ? 1 : section.decimal("temperature");
    withLoss = !section.flag("noloss");
    masked = tree.isPresent() && !quirks.has(Quirk.TREE_TRUTH_NOT_MASKED);
    places = new int[inputs];
    truthPlaces = new int[inputs];
    for (int i = 0; i < inputs; i++) {
      places[i] = spatial ? i : in.place(i);
      truthPlaces[in.place(i)] = i;
    }
    losses = storage.trainingActivations(inputs);
  }

  @Override
  public void forward(Pass pass) {
    boolean withTruth = pass.hasTruth() && withLoss;
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int first = 0;
            for (int size : groupSizes) {
              int from = first;
              int at = image * out.count();
              softmax(pass.input, output, size, temperature, i -> at + places[from + i]);
              first += size;
            }
            if (withTruth) {
              crossEntropy(pass, image * out.count());
            }
          }
        });
    cost = 0;
    for (int i = 0; withTruth && i < pass.images * out.count(); i++) {
      cost += losses[i];
    }
  }

  /**
   * Of count values: y = exp(x / temperature) over their sum.
   *
   * @param place where each lies in both arrays, which may be one
   */
  static void softmax(float[] x, float[] y, int count, float temperature, IntUnaryOperator place) {
    float largest = -Float.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, x[place.applyAsInt(i)]);
    }
    float sum = 0;
    for (int i = 0; i < count; i++) {
      int at = place.applyAsInt(i);
      y[at] = (float) StrictMath.exp(x[at] / temperature - largest / temperature);
      sum += y[at];
    }
    for (int i = 0; i < count; i++) {
      y[place.applyAsInt(i)] /= sum;
    }
  }

  private void crossEntropy(Pass pass, int image) {
    for (int i = 0; i < out.count(); i++) {
      float truth = pass.truth[image + truthPlaces[i]];
      float p = output[image + i];
      boolean ignored = masked && truth == CostLayer.MASKED;
      losses[image + i] = truth == 0 || ignored ? 0 : (float) -StrictMath.log(p);
      delta[image + i] = ignored ? 0 : truth - p;
    }
  }

  @Override
  public void backward(Pass pass) {
    passDeltaOn(pass);
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public float[] losses() {
    return losses;
  }
}
