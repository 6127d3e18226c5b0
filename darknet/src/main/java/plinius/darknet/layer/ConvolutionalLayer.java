package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Convolution, batch normalisation or biases, activation (darknet convolutional_layer.c at
 * f6afaab). Weights are (size, size, channels / groups, filters), filters contiguous; Darknet has
 * (filters, channels / groups, size, size).
 */
final class ConvolutionalLayer extends WeightedLayer {
  private final float smooth;
  private final Optional<FlatImage> flat;
  private final Optional<Binarisation> binary;

  ConvolutionalLayer(Site site) {
    this(site, shape(site.section(), site.image()));
  }

  /** A convolution within another layer. */
  static ConvolutionalLayer within(Site site, int filters) {
    Shape in = site.in();
    return new ConvolutionalLayer(site, ConvShape.of(in.h(), in.w(), in.c(), filters, 3, 1, 1, 1));
  }

  private ConvolutionalLayer(Site site, ConvShape asked) {
    Shape out = new Shape(asked.outH(), asked.outW(), asked.filters(), true);
    int size = asked.size();
    int channels = asked.groupChannels();
    Optional<FlatImage> image = FlatImage.of(site, asked);
    ConvShape shape = image.map(FlatImage::shape).orElse(asked);
    super(site, out, site.activation(), shape, size, size, channels, asked.filters());
    flat = image;
    boolean own = site.part() == 0;
    boolean smooths = own && !site.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    smooth = smooths ? section.decimal("smooth") : 0;
    binary = own ? Binarisation.of(site, shape) : Optional.empty();
  }

  private static ConvShape shape(Section section, Shape in) {
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
    return ConvShape.of(in.h(), in.w(), in.c(), filters, size, stride, pad, groups);
  }

  /** Whether such a layer will be {@link #inBlocks}, before it is made. */
  static boolean inBlocks(Section section, Quirks quirks) {
    return !section.flag("binary")
        && !section.flag("xnor")
        && !quirks.has(Quirk.CONV1X1_IGNORES_STRIDE_AND_PADDING);
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
    return flat.isEmpty() && binary.isEmpty();
  }

  @Override
  public boolean takesDelta() {
    return smooth == 0;
  }

  @Override
  public void forward(Pass pass) {
    if (inBlocks()) {
      forwardInBlocks(pass);
      return;
    }
    float[] image = flat.isPresent() ? flat.get().gather(pass) : pass.input;
    float[] input = binary.isPresent() ? binary.get().input(pass, image) : image;
    float[] block = binary.isPresent() ? binary.get().weights(storage, weights) : storage.block();
    int weightsAt = binary.isPresent() ? 0 : weights.at();
    float[] target = biases.target(pass);
    pass.kernels.prepareForward(shape, block, weightsAt, storage.prepared);
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          pass.kernels.convForward(shape, input, 0, storage.prepared, target, 0, from, to);
          biases.gather(pass, from, to);
        });
    activate(pass);
  }

  @Override
  public void backward(Pass pass) {
    if (smooth != 0) {
      smoothDelta(pass);
    }
    foldDelta(pass);
    if (inBlocks()) {
      backwardInBlocks(pass);
    } else {
      backwardChanged(pass);
    }
  }

  /** Over an input that is not the one of the layer before. */
  private void backwardChanged(Pass pass) {
    boolean asForward = binary.isPresent() && binary.get().backwardToo();
    boolean wanted = pass.wantsInputDelta();
    float[] inputDelta = wanted && flat.isPresent() ? flat.get().delta(pass) : pass.inputDelta;
    if (wanted) {
      float[] block = asForward ? binary.get().weights(storage, weights) : storage.block();
      int weightsAt = asForward ? 0 : weights.at();
      pass.kernels.prepareBackward(shape, block, weightsAt, storage.prepared);
    }
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          biases.foldDelta(pass, from, to);
          if (wanted) {
            pass.kernels.convBackwardData(
                shape, delta, 0, storage.prepared, inputDelta, 0, from, to);
          }
        });
    float[] image = flat.isPresent() ? flat.get().gathered() : pass.input;
    float[] input = asForward ? binary.get().input(pass, image) : image;
    WeightUpdates.add(pass, shape, input, delta, storage.block(), weights.updatesAt());
    if (wanted) {
      flat.ifPresent(f -> f.scatter(pass));
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
  public boolean replacesInputDelta() {
    return shape.size() == 1 && flat.isEmpty();
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
