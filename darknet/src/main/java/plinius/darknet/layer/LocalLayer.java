package plinius.darknet.layer;

import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * A convolution with weights of its own at each place of its output (darknet local_layer.c at
 * f6afaab). Weights are (places, size, size, channels, filters), filters contiguous; Darknet has
 * (places, filters, channels, size, size). Without batch normalisation and without Adam, as there.
 */
class LocalLayer extends Layer {
  private final int size = section.integer("size");
  private final int stride = section.integer("stride");
  private final int pad = section.integer("pad");
  private final Activation activation = site.activation();
  private final int places = out.h() * out.w();
  private final Parameter biases = new Parameter(site, "biases", false, out.h(), out.w(), out.c());
  private final Parameter weights =
      new Parameter(site, "weights", false, places, size, size, in.c(), out.c());

  LocalLayer(Site site) {
    super(site, shape(site.section(), site.image()));
  }

  private static Shape shape(Section section, Shape in) {
    int size = section.integer("size");
    int stride = section.integer("stride");
    int pad = section.integer("pad");
    int cut = pad == 0 ? size : 1;
    if (Math.min(in.h(), in.w()) < cut) {
      throw section.refuse("size", "is larger than the image, " + in + ".");
    }
    int h = (in.h() - cut) / stride + 1;
    int w = (in.w() - cut) / stride + 1;
    if ((in.h() + 2 * pad - size) / stride + 1 != h
        || (in.w() + 2 * pad - size) / stride + 1 != w) {
      throw section.refuse(
          "pad", "does not fit size=" + size + "; with pad, size must be twice the pad plus one.");
    }
    int filters = section.integer("filters");
    if ((long) h * w * size * size * in.c() * filters > 1 << 29) {
      throw section.refuse("filters", "makes more than 2^29 weights.");
    }
    return new Shape(h, w, filters, true);
  }

  /** A task over one value of the input that one place of the output sees. */
  private interface Tap {
    /**
     * Handles a value.
     *
     * @param inputAt of the value
     * @param weightsAt of its weights for all filters
     * @param outAt of the place's first filter
     */
    void see(int inputAt, int weightsAt, int outAt);
  }

  private void taps(int image, int place, Tap tap) {
    int top = place / out.w() * stride - pad;
    int left = place % out.w() * stride - pad;
    int outAt = image * out.count() + place * out.c();
    for (int i = 0; i < size * size; i++) {
      int y = top + i / size;
      int x = left + i % size;
      if (y >= 0 && y < in.h() && x >= 0 && x < in.w()) {
        for (int c = 0; c < in.c(); c++) {
          int number = (place * size * size + i) * in.c() + c;
          int at = image * in.count() + (y * in.w() + x) * in.c() + c;
          tap.see(at, weights.at() + number * out.c(), outAt);
        }
      }
    }
  }

  /** All places of an image, in order. */
  private void taps(int image, Tap tap) {
    for (int place = 0; place < places; place++) {
      taps(image, place, tap);
    }
  }

  @Override
  public void forward(Pass pass) {
    int filters = out.c();
    float[] block = storage.block();
    pass.eachImage(
        image -> {
          int at = image * out.count();
          System.arraycopy(block, biases.at(), output, at, out.count());
          taps(image, (i, w, o) -> pass.kernels.axpy(pass.input[i], block, w, output, o, filters));
          pass.kernels.activate(activation, output, at, out.count());
        });
  }

  @Override
  public void backward(Pass pass) {
    int filters = out.c();
    float[] block = storage.block();
    pass.kernels.gradient(activation, output, 0, delta, 0, pass.images * out.count());
    int shift = weights.updatesAt() - weights.at();
    Tap update = (i, w, o) -> pass.kernels.axpy(pass.input[i], delta, o, block, w + shift, filters);
    // A place has its weights for itself: each task sums over all images in their order.
    pass.run(
        places,
        place -> {
          for (int image = 0; image < pass.images; image++) {
            int at = image * out.count() + place * filters;
            pass.kernels.add(delta, at, block, biases.updatesAt() + place * filters, filters);
            taps(image, place, update);
          }
        });
    super.backward(pass);
  }

  @Override
  void addInputDelta(Pass pass) {
    float[] block = storage.block();
    Tap back =
        (i, w, o) -> {
          float sum = 0;
          for (int f = 0; f < out.c(); f++) {
            sum += block[w + f] * delta[o + f];
          }
          pass.inputDelta[i] += sum;
        };
    pass.eachImage(image -> taps(image, back));
  }

  @Override
  public void update(Pass pass, Step step) {
    biases.update(pass, step, site.rate());
    weights.update(pass, step, site.rate());
  }

  @Override
  public void initialise(CounterRandom random) {
    float scale = (float) StrictMath.sqrt(2.0 / (size * size * in.c()));
    for (int i = 0; i < weights.count(); i++) {
      storage.block()[weights.at() + i] =
          scale * (2 * random.uniform(site.initialPurpose(), site.part(), i) - 1);
    }
  }
}
