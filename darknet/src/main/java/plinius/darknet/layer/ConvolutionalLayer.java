package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsSource;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Convolution, batch normalisation or biases, activation (darknet convolutional_layer.c at
 * f6afaab). Weights are (size, size, channels / groups, filters), filters contiguous; Darknet has
 * (filters, channels / groups, size, size).
 */
public final class ConvolutionalLayer implements Layer {
  private final LayerCommon common;
  private final Storage storage;
  private final Shape out;
  private final ConvShape shape;
  private final Activation activation;
  private final boolean flipped;
  private final Slot biases;
  private final Optional<BatchNormalization> normalization;
  private final Biases plain;
  private final Slot weights;
  private final Slot biasUpdates;
  private final Optional<Slot> scaleUpdates;
  private final Slot weightUpdates;
  private final Optional<FlatImage> flat;
  private final float[] output; // (batch, outH, outW, filters)
  private final float[] delta; // (batch, outH, outW, filters)

  /** A convolution over the output of the layer before. */
  public ConvolutionalLayer(
      LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    this.common = common;
    this.storage = storage;
    if (!in.image()) {
      throw section.refuse(
          "needs an image from the layer before it, which gives " + in + " values.");
    }
    ConvShape asked = shape(section, in);
    out = new Shape(asked.outH(), asked.outW(), asked.filters(), true);
    flat = FlatImage.of(asked, section, quirks, storage);
    shape = flat.isPresent() ? flat.get().shape() : asked;
    activation = Activation.named(section.word("activation")).orElseThrow();
    flipped = section.flag("flipped");
    if (section.flag("xnor")) {
      throw section.refuse("xnor", "is not available in this version.");
    }
    if (section.flag("binary") && !quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED)) {
      throw section.refuse("binary", "is not available in this version.");
    }

    int index = common.index();
    String type = common.type();
    int n = shape.filters();
    int[] weightShape = {shape.size(), shape.size(), shape.groupChannels(), n};
    biases = storage.slot(index, type, "biases", Slot.Role.PARAMETER, n);
    normalization =
        section.flag("batch_normalize")
            ? Optional.of(new BatchNormalization(storage, index, type, out))
            : Optional.empty();
    plain = new Biases(out);
    weights = storage.slot(index, type, "weights", Slot.Role.PARAMETER, weightShape);
    biasUpdates = storage.slot(index, type, "bias_updates", Slot.Role.OPTIMIZER, n);
    scaleUpdates =
        normalization.map(b -> storage.slot(index, type, "scale_updates", Slot.Role.OPTIMIZER, n));
    weightUpdates = storage.slot(index, type, "weight_updates", Slot.Role.OPTIMIZER, weightShape);
    output = storage.activations(out.count());
    delta = storage.trainingActivations(out.count());
    storage.convolution(shape);
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
    return ConvShape.of(in.h(), in.w(), in.c(), filters, size, stride, pad, groups);
  }

  @Override
  public void forward(Pass pass) {
    float[] input = flat.isPresent() ? flat.get().gather(pass) : pass.input;
    float[] block = storage.block();
    float[] target = normalization.isPresent() ? normalization.get().source(pass, output) : output;
    pass.kernels.prepareForward(shape, block, weights.offset(), pass.prepared);
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          pass.kernels.convForward(shape, input, 0, pass.prepared, target, 0, from, to);
          normalization.ifPresent(n -> n.gather(pass, from, to));
        });
    if (normalization.isPresent()) {
      normalization.get().forward(pass, output, biases.offset(), activation);
    } else {
      plain.forward(pass, output, block, biases.offset(), activation);
    }
  }

  @Override
  public void backward(Pass pass) {
    float[] block = storage.block();
    if (normalization.isPresent()) {
      int scaleUpdatesAt = scaleUpdates.orElseThrow().offset();
      normalization
          .get()
          .backwardSums(pass, output, activation, delta, biasUpdates.offset(), scaleUpdatesAt);
    } else {
      plain.backward(pass, output, activation, delta, block, biasUpdates.offset());
    }
    boolean wanted = pass.wantsInputDelta();
    float[] inputDelta = wanted && flat.isPresent() ? flat.get().delta(pass) : pass.inputDelta;
    if (wanted) {
      pass.kernels.prepareBackward(shape, block, weights.offset(), pass.prepared);
    }
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          normalization.ifPresent(n -> n.backwardDelta(pass, delta, from, to));
          if (wanted) {
            pass.beforeAdding(from, to);
            pass.kernels.convBackwardData(shape, delta, 0, pass.prepared, inputDelta, 0, from, to);
          }
        });
    float[] input = flat.isPresent() ? flat.get().gathered() : pass.input;
    WeightUpdates.add(pass, shape, input, delta, block, weightUpdates.offset());
    if (wanted) {
      flat.ifPresent(f -> f.scatter(pass));
    }
  }

  @Override
  public void update(Pass pass, Step step) {
    float[] block = storage.block();
    Descent.update(pass, step, common, 0, block, biases, biasUpdates);
    if (normalization.isPresent()) {
      Slot scales = normalization.get().scales();
      Descent.update(pass, step, common, 0, block, scales, scaleUpdates.orElseThrow());
    }
    Descent.update(pass, step, common, step.decay(), block, weights, weightUpdates);
  }

  @Override
  public void initialise(CounterRandom random) {
    normalization.ifPresent(BatchNormalization::initialise);
    int weightsPerFilter = shape.weights() / shape.filters();
    float scale = (float) StrictMath.sqrt(2.0 / weightsPerFilter);
    for (int i = 0; i < weights.count(); i++) {
      storage.block()[weights.offset() + i] =
          scale * random.normal(Purpose.INITIAL_WEIGHTS + common.index(), 0, i);
    }
  }

  @Override
  public void load(WeightsSource source) {
    int n = common.numLoad() > 0 ? Math.min(common.numLoad(), shape.filters()) : shape.filters();
    source.read(storage.block(), biases.offset(), n);
    if (normalization.isPresent() && !common.dontLoadScales()) {
      normalization.get().load(source, n);
    }
    int taps = shape.size() * shape.size();
    int channels = shape.groupChannels();
    float[] filters = source.read(n * channels * taps); // (n, channels, size, size)
    for (int f = 0; f < n; f++) {
      for (int c = 0; c < channels; c++) {
        for (int tap = 0; tap < taps; tap++) {
          int i = c * taps + tap;
          // Flipped: the file has (channels, size, size, n).
          float value = filters[flipped ? i * n + f : f * channels * taps + i];
          storage.block()[weights.offset() + (tap * channels + c) * shape.filters() + f] = value;
        }
      }
    }
  }

  @Override
  public String plan() {
    return WeightUpdates.plan(shape, storage.batch());
  }

  @Override
  public LayerCommon common() {
    return common;
  }

  @Override
  public Shape out() {
    return out;
  }

  @Override
  public float[] output() {
    return output;
  }

  @Override
  public float[] delta() {
    return delta;
  }

  @Override
  public Optional<BatchNormalization> normalization() {
    return normalization;
  }
}
