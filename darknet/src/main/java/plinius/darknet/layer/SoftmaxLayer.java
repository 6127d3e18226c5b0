package plinius.darknet.layer;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import plinius.kernel.ClassTree;

/**
 * exp(x / temperature) over its sum, group by group, with the cross entropy as loss (darknet
 * softmax_layer.c, blas.c softmax and softmax_x_ent_cpu at f6afaab). As there, the loss counts -log
 * p once for every truth that is not 0, and the temperature is not in the gradient. A group is a
 * run of values in Darknet's (c, h, w) order, or the siblings of a tree, or, with spatial=1, the
 * channels of one place.
 */
class SoftmaxLayer extends ComparingLayer {
  private final int[] groupSizes;
  private final float temperature;
  private final boolean withLoss = !section.flag("noloss");
  private final boolean masked;
  private final int[] places; // by group: where each value lies in (h, w, c)

  SoftmaxLayer(Site site) {
    super(site, site.in().asList());
    losses = storage.trainingActivations(out.count());
    boolean spatial = section.flag("spatial");
    int inputs = in.count();
    Optional<ClassTree> tree = site.tree(inputs);
    int groups = spatial ? in.h() * in.w() : section.integer("groups");
    if (tree.isEmpty() && inputs % groups != 0) {
      throw section.refuse("groups", "does not divide the " + inputs + " inputs.");
    }
    int[] equal = new int[groups];
    Arrays.fill(equal, inputs / groups);
    groupSizes = tree.map(ClassTree::groupSizes).orElse(equal);
    temperature = spatial ? 1 : section.decimal("temperature");
    masked = tree.isPresent();
    places = new int[inputs];
    Arrays.setAll(places, i -> spatial ? i : in.place(i));
  }

  @Override
  public void forward(Pass pass) {
    boolean withTruth = pass.hasTruth() && withLoss;
    pass.eachImage(
        image -> {
          int at = image * out.count();
          int first = 0;
          for (int size : groupSizes) {
            int from = first;
            softmax(pass.input, output, size, temperature, i -> at + places[from + i]);
            first += size;
          }
          for (int i = at; withTruth && i < at + out.count(); i++) {
            crossEntropy(i, truth(pass, i));
          }
        });
    cost = withTruth ? sum(pass, losses) : 0;
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

  void crossEntropy(int i, float truth) {
    boolean ignored = masked && truth == CostLayer.MASKED;
    losses[i] = truth == 0 || ignored ? 0 : (float) -StrictMath.log(output[i]);
    delta[i] = ignored ? 0 : truth - output[i];
  }
}
