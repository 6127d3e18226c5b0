package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsSource;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Fully connected: the convolution of a 1 x 1 image (darknet connected_layer.c at f6afaab). Weights
 * are (inputs, outputs), outputs contiguous; Darknet has (outputs, inputs). After an image the rows
 * are in our (h, w, c) order, so that nothing has to be reordered while training; .weights files
 * are in Darknet's (c, h, w).
 */
public final class ConnectedLayer implements Layer {
  private final LayerCommon common;
  private final Storage storage;
  private final Shape in;
  private final Shape out;
  private final ConvShape shape;
  private final Activation activation;
  private final Slot biases;
  private final Slot weights;
  private final Optional<BatchNormalization> normalization;
  private final Biases plain;
  private final Slot biasUpdates;
  private final Slot weightUpdates;
  private final Optional<Slot> scaleUpdates;
  private final float[] output; // (batch, outputs)
  private final float[] delta; // (batch, outputs)

  /** A connected layer behind the output of the layer before. */
  public ConnectedLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    this.common = common;
    this.storage = storage;
    this.in = in;
    int outputs = section.integer("output");
    if ((long) in.count() * outputs > 1 << 29) {
      throw section.refuse("output", "makes more than 2^29 weights with " + in + " inputs.");
    }
    out = new Shape(1, 1, outputs, true);
    shape = ConvShape.connected(in.count(), outputs);
    activation = Activation.named(section.word("activation")).orElseThrow();

    int index = common.index();
    String type = common.type();
    int[] weightShape = {in.count(), outputs};
    biases = storage.slot(index, type, "biases", Slot.Role.PARAMETER, outputs);
    weights = storage.slot(index, type, "weights", Slot.Role.PARAMETER, weightShape);
    normalization =
        section.flag("batch_normalize")
            ? Optional.of(new BatchNormalization(storage, index, type, out))
            : Optional.empty();
    plain = new Biases(out);
    biasUpdates = storage.slot(index, type, "bias_updates", Slot.Role.OPTIMIZER, outputs);
    weightUpdates = storage.slot(index, type, "weight_updates", Slot.Role.OPTIMIZER, weightShape);
    scaleUpdates =
        normalization.map(
            b -> storage.slot(index, type, "scale_updates", Slot.Role.OPTIMIZER, outputs));
    output = storage.activations(outputs);
    delta = storage.trainingActivations(outputs);
    storage.convolution(shape);
  }

  @Override
  public void forward(Pass pass) {
    float[] block = storage.block();
    float[] target = normalization.isPresent() ? normalization.get().source(pass, output) : output;
    pass.kernels.prepareForward(shape, block, weights.offset(), pass.prepared);
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          pass.kernels.convForward(shape, pass.input, 0, pass.prepared, target, 0, from, to);
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
    if (wanted) {
      pass.kernels.prepareBackward(shape, block, weights.offset(), pass.prepared);
    }
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          normalization.ifPresent(n -> n.backwardDelta(pass, delta, from, to));
          if (wanted) {
            pass.beforeAdding(from, to);
            pass.kernels.convBackwardData(
                shape, delta, 0, pass.prepared, pass.inputDelta, 0, from, to);
          }
        });
    WeightUpdates.add(pass, shape, pass.input, delta, block, weightUpdates.offset());
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
    float scale = (float) StrictMath.sqrt(2.0 / in.count());
    for (int i = 0; i < weights.count(); i++) {
      storage.block()[weights.offset() + i] =
          scale * (2 * random.uniform(Purpose.INITIAL_WEIGHTS + common.index(), 0, i) - 1);
    }
  }

  @Override
  public void load(WeightsSource source) {
    int outputs = out.c();
    source.read(storage.block(), biases.offset(), outputs);
    float[] matrix = source.read(weights.count()); // (outputs, inputs), inputs in (c, h, w) order
    for (int i = 0; i < in.count(); i++) {
      int row = weights.offset() + in.place(i) * outputs;
      for (int o = 0; o < outputs; o++) {
        storage.block()[row + o] =
            matrix[source.transposed() ? i * outputs + o : o * in.count() + i];
      }
    }
    if (normalization.isPresent() && !common.dontLoadScales()) {
      normalization.get().load(source, outputs);
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
