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
  final int[] places; // where both meet: places in out
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
    int c = Math.min(in.c(), from.c());
    places = new int[h * w * c];
    otherPlaces = new int[h * w * c];
    for (int i = 0; i < places.length; i++) {
      int y = i / c / w;
      int x = i / c % w;
      places[i] = (y * sample * in.w() + x * sample) * in.c() + i % c;
      otherPlaces[i] = (y * stride * from.w() + x * stride) * from.c() + i % c;
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
            int to = at + places[i];
            float value = other.output()[image * otherCount + otherPlaces[i]];
            output[to] = alpha * output[to] + beta * value;
          }
          pass.kernels.activate(activation, output, at, out.count());
        });
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
            float value = delta[at + places[i]];
            if (pass.wantsInputDelta()) {
              pass.inputDelta[at + places[i]] += (alpha - 1) * value;
            }
            other.delta()[image * otherCount + otherPlaces[i]] += beta * value;
          }
        });
  }
}
