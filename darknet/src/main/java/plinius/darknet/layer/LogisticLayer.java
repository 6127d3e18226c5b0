package plinius.darknet.layer;

import java.util.OptionalDouble;
import plinius.kernel.Activation;

/**
 * The logistic of each value, with the cross entropy as loss (darknet logistic_layer.c, blas.c
 * logistic_x_ent_cpu at f6afaab).
 */
public final class LogisticLayer extends Layer {
  private final int[] truthPlaces; // (h, w, c): where each value's truth lies in (c, h, w)
  private final float[] losses; // (batch, out)
  private double cost;

  /** A logistic layer behind the output of the layer before. */
  public LogisticLayer(LayerCommon common, Shape in, Storage storage) {
    super(common, in, storage);
    truthPlaces = new int[in.count()];
    for (int i = 0; i < truthPlaces.length; i++) {
      truthPlaces[in.place(i)] = i;
    }
    losses = storage.trainingActivations(out.count());
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          int from = pass.from(shard) * out.count();
          int count = pass.from(shard + 1) * out.count() - from;
          System.arraycopy(pass.input, from, output, from, count);
          pass.kernels.activate(Activation.LOGISTIC, output, from, count);
        });
    cost = 0;
    for (int i = 0; pass.hasTruth() && i < pass.images * out.count(); i++) {
      float truth = pass.truth[i - i % out.count() + truthPlaces[i % out.count()]];
      float p = output[i];
      losses[i] = (float) (-truth * StrictMath.log(p) - (1 - truth) * StrictMath.log(1 - p));
      delta[i] = truth - p;
      cost += losses[i];
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
