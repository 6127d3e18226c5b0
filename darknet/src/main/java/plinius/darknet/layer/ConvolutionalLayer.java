package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.cfg.Section;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Convolution, batch normalisation or biases, activation (darknet convolutional_layer.c at
 * f6afaab). Weights are (size, size, channels / groups, filters), filters contiguous; Darknet has
 * (filters, channels / groups, size, size).
 */
class ConvolutionalLayer extends WeightedLayer {
  private final float smooth;
  private final Optional<Binarisation> binary;

  ConvolutionalLayer(Site site) {
    this(site, shape(site.section(), site.image()));
  }

  /** A convolution within another layer. */
  static ConvolutionalLayer within(Site site, int filters) {
    Shape in = site.in();
    return new ConvolutionalLayer(site, new ConvShape(in.h(), in.w(), in.c(), filters, 3, 1, 1, 1));
  }

  ConvolutionalLayer(Site site, ConvShape shape) {
    Shape out = new Shape(shape.outH(), shape.outW(), shape.filters(), true);
    int size = shape.size();
    int channels = shape.groupChannels();
    super(site, out, site.activation(), shape, size, size, channels, shape.filters());
    boolean own = site.part() == 0;
    smooth = own ? section.decimal("smooth") : 0;
    binary = own ? Binarisation.of(site, shape) : Optional.empty();
  }

  static ConvShape shape(Section section, Shape in) {
    int size = section.integer("size");
    int stride = section.integer("stride");
    int pad = section.flag("pad") ? size / 2 : section.integer("padding");
    int groups = section.integer("groups");
    int filters = section.integer("filters");
    if (in.h() + 2 * pad < size || in.w() + 2 * pad < size) {
      throw section.refuse("size", "is larger than the padded image, " + in + " with " + pad + ".");
    }
    if (in.c() % groups != 0 || filters % groups != 0) {
      throw section.refuse(
          "groups", "does not divide both the " + in.c() + " channels and the filters.");
    }
    if ((long) size * size * (in.c() / groups) * filters > 1 << 29) {
      throw section.refuse("filters", "makes more than 2^29 weights.");
    }
    if (section.integer("numload") > filters) {
      throw section.refuse("numload", "is more than the " + filters + " filters.");
    }
    return new ConvShape(in.h(), in.w(), in.c(), filters, size, stride, pad, groups);
  }

  /** Whether such a layer will be {@link #inBlocks}, before it is made. */
  static boolean inBlocks(Section section) {
    return !section.flag("binary") && !section.flag("xnor");
  }

  /**
   * Whether it will take the sums of its updates block by block: then nobody needs all of its input
   * at once. No sure answer is no.
   */
  static boolean updatesInBlocks(Section section, int channels, int batch) {
    int size = section.integer("size");
    long weights = (long) size * size * channels * section.integer("filters");
    return WeightUpdates.inBlocks(weights, Pass.shards(batch));
  }

  @Override
  public boolean inBlocks() {
    return binary.isEmpty();
  }

  @Override
  public boolean takesDelta() {
    return smooth == 0;
  }

  @Override
  public void forward(Pass pass) {
    if (binary.isEmpty()) {
      super.forward(pass);
    } else {
      pass.at(binary.get().input(pass, pass.input), pass.inputDelta, 0);
      forwardInBlocks(pass, binary.get().weights(storage, weights), 0);
    }
  }

  @Override
  public void backward(Pass pass) {
    if (smooth != 0) {
      smoothDelta(pass);
    }
    if (binary.isEmpty()) {
      super.backward(pass);
    } else {
      foldDelta(pass);
      pass.at(binary.get().input(pass, pass.input), pass.inputDelta, 0);
      backwardInBlocks(pass, binary.get().weights(storage, weights), 0);
    }
  }

  /** Pulls each output towards its 5 x 5 neighbours (convolutional_kernels.cu smooth_kernel). */
  private void smoothDelta(Pass pass) {
    int c = out.c();
    pass.eachImage(
        image -> {
          for (int i = 0; i < out.count(); i++) {
            int y = i / c / out.w();
            int x = i / c % out.w();
            int at = image * out.count() + i;
            for (int ny = Math.max(0, y - 2); ny <= Math.min(out.h() - 1, y + 2); ny++) {
              for (int nx = Math.max(0, x - 2); nx <= Math.min(out.w() - 1, x + 2); nx++) {
                int near = image * out.count() + (ny * out.w() + nx) * c + i % c;
                delta[at] += smooth * (output[near] - output[at]);
              }
            }
          }
        });
  }

  @Override
  public void update(Pass pass, Step step) {
    super.update(pass, step);
    if (step.clip() != 0) {
      weights.clip(step.clip());
    }
  }

  @Override
  float initial(CounterRandom random, int i) {
    int weightsPerFilter = shape.weights() / shape.filters();
    float scale = (float) StrictMath.sqrt(2.0 / weightsPerFilter);
    return scale * normal(random, i);
  }
}
