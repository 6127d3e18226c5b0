package plinius.darknet.layer;

import plinius.darknet.cfg.Section;
import plinius.darknet.weights.WeightsCursor;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Fully connected: the convolution of a 1 x 1 image (darknet connected_layer.c at f6afaab). Weights
 * are (inputs, outputs), outputs contiguous; Darknet has (outputs, inputs). After an image the rows
 * are in our (h, w, c) order, so that nothing has to be reordered while training; .weights files
 * are in Darknet's (c, h, w).
 */
public final class ConnectedLayer extends WeightedLayer {
  private final Shape in;
  private final ConvShape shape;

  /** A connected layer behind the output of the layer before. */
  public ConnectedLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    this(
        common,
        section,
        in,
        section.integer("output"),
        section.word("activation"),
        normalized(section),
        storage);
  }

  /** A connected layer within another layer, to whose section errors point. */
  ConnectedLayer(
      LayerCommon common,
      Section section,
      Shape in,
      int outputs,
      String activation,
      boolean normalized,
      Storage storage) {
    int[] weightShape = {in.count(), checked(section, in, outputs)};
    super(common, new Shape(1, 1, outputs, true), activation, normalized, weightShape, storage);
    this.in = in;
    shape = ConvShape.connected(in.count(), outputs);
    storage.convolution(shape);
  }

  private static int checked(Section section, Shape in, int outputs) {
    if ((long) in.count() * outputs > 1 << 29) {
      throw section.refuse("output", "makes more than 2^29 weights with " + in + " inputs.");
    }
    return outputs;
  }

  @Override
  public boolean inBlocks() {
    return true;
  }

  @Override
  public void forward(Pass pass) {
    float[] target = target(pass);
    pass.kernels.prepareForward(shape, storage.block(), weights.at(), pass.prepared);
    pass.runBlocks(
        ConvPlan.images(shape),
        (from, to) -> {
          float[] x = pass.inputBlock(from, to, in.count());
          int at = pass.inputAt(from, in.count());
          pass.kernels.convForward(
              shape, x, at, pass.prepared, target, from * out.count(), 0, to - from);
          gather(pass, from, to);
        });
    activate(pass);
  }

  @Override
  public void backward(Pass pass) {
    foldDelta(pass);
    backwardInBlocks(pass, shape);
  }

  @Override
  public String plan() {
    return WeightUpdates.plan(shape, storage.batch());
  }

  @Override
  float initial(CounterRandom random, int i) {
    float scale = (float) StrictMath.sqrt(2.0 / in.count());
    return scale * (2 * random.uniform(common.initialPurpose(), common.part(), i) - 1);
  }

  @Override
  public void transfer(WeightsCursor cursor) {
    int outputs = out.c();
    int inputs = in.count();
    float[] block = storage.block();
    cursor.transfer(block, outputs, i -> biases.at() + i);
    cursor.transfer(
        block,
        weights.count(), // (outputs, inputs), inputs in (c, h, w) order
        i ->
            cursor.transposed()
                ? weights.at() + in.place(i / outputs) * outputs + i % outputs
                : weights.at() + in.place(i % inputs) * outputs + i / inputs);
    transferScales(cursor, outputs);
  }
}
