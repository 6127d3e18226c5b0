package plinius.darknet.layer;

import plinius.kernel.Activation;

/**
 * Segmentation of instances (darknet iseg_layer.c at f6afaab): a logistic for each class, and an
 * embedding of each place, which those of the same instance are to share. A truth is up to 90 times
 * a class and a mask in (h, w) order; a negative class ends it. Its cost is the sum of the squared
 * deltas.
 */
public final class IsegLayer extends ComparingLayer {
  private static final int INSTANCES = 90;

  private final int classes = section.integer("classes");
  private final int ids = section.integer("ids");

  IsegLayer(Site site) {
    super(site, site.image());
    if ((long) classes + ids != in.c()) {
      throw section.refuse("needs classes + ids channels before it; there are " + in + ".");
    }
  }

  @Override
  public int truths() {
    return INSTANCES * (out.h() * out.w() + 1);
  }

  @Override
  public void forward(Pass pass) {
    pass.eachImage(
        image -> {
          int from = image * out.count();
          System.arraycopy(pass.input, from, output, from, out.count());
          for (int at = from; at < from + out.count(); at += out.c()) {
            pass.kernels.activate(Activation.LOGISTIC, output, at, classes);
          }
          if (pass.hasTruth()) {
            compare(pass.truth, image);
          }
        });
    cost = pass.hasTruth() ? squaredDelta(pass) : 0;
  }

  private void compare(float[] truth, int image) {
    int cells = out.h() * out.w();
    int first = image * out.count();
    for (int i = first; i < first + out.count(); i++) {
      boolean embedding = i % out.c() >= classes;
      delta[i] = embedding ? (float) (.1 * (0 - output[i])) : 0 - output[i];
    }
    float[][] means = new float[INSTANCES][ids];
    int[] counts = new int[INSTANCES];
    int instances = 0;
    while (instances < INSTANCES && truth[maskAt(image, instances) - 1] >= 0) {
      int number = classOf(truth[maskAt(image, instances) - 1], classes);
      for (int cell = 0; cell < cells; cell++) {
        float value = truth[maskAt(image, instances) + cell];
        int at = first + cell * out.c();
        if (value != 0) {
          delta[at + number] = value - output[at + number];
          for (int z = 0; z < ids; z++) {
            means[instances][z] += output[at + classes + z];
          }
          counts[instances]++;
        }
      }
      for (int z = 0; counts[instances] > 0 && z < ids; z++) {
        means[instances][z] *= 1f / counts[instances];
      }
      instances++;
    }
    for (int i = 0; i < instances; i++) {
      for (int cell = 0; cell < cells; cell++) {
        if (truth[maskAt(image, i) + cell] != 0) {
          pull(first + cell * out.c() + classes, i, means, counts);
        }
      }
    }
    for (int i = first; i < first + out.count(); i++) {
      delta[i] *= i % out.c() >= classes ? .01f : 1;
    }
  }

  private int maskAt(int image, int instance) {
    return image * truths() + instance * (out.h() * out.w() + 1) + 1;
  }

  /** Towards the mean of its own instance, away from those of the others. */
  private void pull(int at, int own, float[][] means, int[] counts) {
    for (int j = 0; j < INSTANCES; j++) {
      for (int z = 0; counts[j] > 0 && z < ids; z++) {
        double push = means[j][z] - output[at + z] < 0 ? -.1 : .1;
        delta[at + z] = (float) (delta[at + z] + (j == own ? push : -push));
      }
    }
  }
}
