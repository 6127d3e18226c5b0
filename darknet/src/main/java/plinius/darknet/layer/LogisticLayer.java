package plinius.darknet.layer;

import plinius.kernel.Activation;

/**
 * The logistic of each value, with the cross entropy as loss (darknet logistic_layer.c, blas.c
 * logistic_x_ent_cpu at f6afaab).
 */
final class LogisticLayer extends ComparingLayer {
  LogisticLayer(Site site) {
    super(site, site.in());
    losses = storage.trainingActivations(out.count());
  }

  @Override
  public void forward(Pass pass) {
    activateInput(pass, Activation.LOGISTIC);
    for (int i = 0; pass.hasTruth() && i < pass.images * out.count(); i++) {
      float truth = truth(pass, i);
      float p = output[i];
      losses[i] = (float) (-truth * StrictMath.log(p) - (1 - truth) * StrictMath.log(1 - p));
      delta[i] = truth - p;
    }
    cost = pass.hasTruth() ? sum(pass, losses) : 0;
  }
}
