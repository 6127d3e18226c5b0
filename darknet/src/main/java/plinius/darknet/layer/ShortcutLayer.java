package plinius.darknet.layer;

import plinius.kernel.Activation;

/**
 * Adds the output of an earlier layer (darknet shortcut_layer.c, blas.c shortcut_cpu at f6afaab):
 * alpha * input + beta * other where both have a value, the input alone elsewhere. Between images
 * of different sizes every stride-th value meets; channels that only one of them has are left out.
 */
public class ShortcutLayer extends Layer {
  private final Layer other;
  private final Activation activation = site.activation();
  private final float alpha = section.decimal("alpha");
  private final float beta = section.decimal("beta");
  private final boolean plain = alpha == 1 && beta == 1;
  final int run; // values side by side where both meet
  final int[] places; // where runs begin in out
  private final int[] otherPlaces; // and in the other layer's output

  ShortcutLayer(Site site) {
    super(site, site.image());
    if (!section.has("from")) {
      throw section.refuse("needs from=, the number of the layer to add.");
    }
    other = RouteLayer.earlier(site, "from", section.integer("from"));
    Shape from = other.out();
    from.requireImage(section);
    int stride = from.w() / in.w();
    int sample = in.w() / from.w();
    if (stride != from.h() / in.h() || sample != in.h() / from.h()) {
      throw section.refuse(
          "from", "has " + from + " values, in another proportion than " + in + ".");
    }
    stride = Math.max(stride, 1);
    sample = Math.max(sample, 1);
    int h = Math.min(in.h(), from.h());
    int w = Math.min(in.w(), from.w());
    boolean same = stride == 1 && sample == 1 && in.c() == from.c();
    run = same ? in.count() : Math.min(in.c(), from.c());
    places = new int[same ? 1 : h * w];
    otherPlaces = new int[places.length];
    for (int i = 0; i < places.length; i++) {
      int y = i / w;
      int x = i % w;
      places[i] = (y * sample * in.w() + x * sample) * in.c();
      otherPlaces[i] = (y * stride * from.w() + x * stride) * from.c();
    }
  }

  @Override
  public void forward(Pass pass) {
    int otherCount = other.out().count();
    pass.eachImage(
        image -> {
          int at = image * out.count();
          System.arraycopy(pass.input, at, output, at, out.count());
          for (int i = 0; i < places.length; i++) {
            add(pass, image * otherCount + otherPlaces[i], at + places[i]);
          }
          pass.kernels.activate(activation, output, at, out.count());
        });
  }

  /** The other's values of one run. */
  private void add(Pass pass, int from, int to) {
    if (plain) {
      pass.kernels.add(other.output(), from, output, to, run);
      return;
    }
    for (int i = 0; i < run; i++) {
      output[to + i] = alpha * output[to + i] + beta * other.output()[from + i];
    }
  }

  @Override
  public void backward(Pass pass) {
    int otherCount = other.out().count();
    pass.eachImage(
        image -> {
          int at = image * out.count();
          pass.kernels.gradient(activation, output, at, delta, at, out.count());
          if (pass.wantsInputDelta()) {
            pass.kernels.axpy(1, delta, at, pass.inputDelta, at, out.count());
          }
          for (int i = 0; i < places.length; i++) {
            addDelta(pass, at + places[i], image * otherCount + otherPlaces[i]);
          }
        });
  }

  /** One run's delta to both. */
  private void addDelta(Pass pass, int from, int to) {
    if (plain) {
      pass.kernels.add(delta, from, other.delta(), to, run);
      return;
    }
    for (int i = from; i < from + run; i++) {
      if (pass.wantsInputDelta()) {
        pass.inputDelta[i] += (alpha - 1) * delta[i];
      }
      other.delta()[to + i - from] += beta * delta[i];
    }
  }
}
