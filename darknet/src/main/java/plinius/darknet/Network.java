package plinius.darknet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.ActivationLayer;
import plinius.darknet.layer.AvgpoolLayer;
import plinius.darknet.layer.BatchnormLayer;
import plinius.darknet.layer.ConnectedLayer;
import plinius.darknet.layer.ConvolutionalLayer;
import plinius.darknet.layer.CostLayer;
import plinius.darknet.layer.Draws;
import plinius.darknet.layer.DropoutLayer;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.LayerCommon;
import plinius.darknet.layer.MaxpoolLayer;
import plinius.darknet.layer.Pass;
import plinius.darknet.layer.Shape;
import plinius.darknet.layer.SoftmaxLayer;
import plinius.darknet.layer.Step;
import plinius.darknet.layer.Storage;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;

/**
 * A network and the state of its training (darknet network.c, parser.c at f6afaab).
 *
 * <p>Everything that the next iteration depends on is in {@link #state()}, {@link #seen()} and
 * {@link #averageLoss()}, besides configuration, seed and data: a network that is given these three
 * back goes on bit for bit, whatever the number of threads or the kernels. One thread uses it at a
 * time; its workers help inside a call.
 */
public final class Network {
  private static final float[] NOTHING = {};

  /** Layers that read the one before them and no other. */
  private static final Set<String> CHAINED =
      Set.of(
          "convolutional",
          "connected",
          "maxpool",
          "avgpool",
          "dropout",
          "softmax",
          "cost",
          "batchnorm",
          "activation");

  private final NetworkOptions options;
  private final Shape in;
  private final int subBatch;
  private final int subdivisions;
  private final int maxBatches;
  private final float momentum;
  private final float decay;
  private final LearningRate learningRate;
  private final List<Layer> layers;
  private final boolean chained;
  private final int outputLayer;
  private final int truths;
  private final float[] block;
  private final List<NamedTensor> state;
  private final Pass pass;
  private final float[] input; // (subBatch, h, w, c)
  private final float[] truth; // (subBatch, truths)
  private final float[] inputDelta; // (subBatch, h, w, c), or empty: nobody needs it
  private long seen;
  private double averageLoss = -1;

  /**
   * Builds a network and gives its parameters their initial values.
   *
   * @throws DarknetException if the configuration makes no network
   */
  public static Network build(CfgFile cfg, NetworkOptions options) {
    CounterRandom random = new CounterRandom(options.seed());
    return new Network(cfg, options, random::uniform, false);
  }

  /** For tests: with other random draws, and with the delta of the input itself. */
  static Network build(CfgFile cfg, NetworkOptions options, Draws draws, boolean withInputDelta) {
    return new Network(cfg, options, draws, withInputDelta);
  }

  private Network(CfgFile cfg, NetworkOptions options, Draws draws, boolean withInputDelta) {
    this.options = options;
    Section net = cfg.net();
    refuseGpuOnly(cfg);
    subdivisions = net.integer("subdivisions");
    subBatch = net.integer("batch") / subdivisions;
    maxBatches = net.integer("max_batches");
    momentum = net.decimal("momentum");
    decay = net.decimal("decay");
    learningRate = new LearningRate(net, options.quirks(), draws);
    boolean image = net.integer("height") > 0;
    in =
        image
            ? new Shape(net.integer("height"), net.integer("width"), net.integer("channels"), true)
            : Shape.flat(net.integer("inputs"));

    // The rest of the heap is for the callers: data, staging, what they mirror.
    long limit = Runtime.getRuntime().maxMemory() / 4 * 3;
    Storage storage = new Storage(subBatch, options.training(), limit);
    layers = layers(cfg, storage);
    storage.allocate();
    block = storage.block();
    state = storage.slots().stream().map(slot -> new NamedTensor(slot, block)).toList();
    chained = cfg.layers().stream().allMatch(layer -> CHAINED.contains(layer.type()));
    outputLayer = outputLayer(cfg);
    truths = output().out().count();
    refuseUntrainable(cfg);

    input = storage.activations(in.count());
    truth = storage.activations(truths);
    inputDelta = withInputDelta ? storage.activations(in.count()) : NOTHING;
    pass =
        new Pass(
            options.kernels(),
            options.workers(),
            draws,
            subBatch,
            storage.partialFloats(),
            storage.preparedFloats());
    CounterRandom random = new CounterRandom(options.seed());
    for (Layer layer : layers) {
      layer.initialise(random);
    }
  }

  private void refuseGpuOnly(CfgFile cfg) {
    if (options.quirks().has(Quirk.GPU_ONLY_OPTIONS_IGNORED)) {
      return;
    }
    if (cfg.net().flag("adam")) {
      throw cfg.net().refuse("adam", "is not available in this version; leave the key out.");
    }
    if (cfg.net().decimal("clip") != 0) {
      throw cfg.net().refuse("clip", "is not available in this version; leave the key out.");
    }
    for (Section layer : cfg.layers()) {
      if (layer.decimal("smooth") != 0) {
        throw layer.refuse("smooth", "is not available in this version; leave the key out.");
      }
    }
  }

  private List<Layer> layers(CfgFile cfg, Storage storage) {
    List<Layer> made = new ArrayList<>();
    Shape shape = in;
    for (Section section : cfg.layers()) {
      Layer layer;
      try {
        layer = layer(section, made, shape, storage);
      } catch (ArithmeticException e) {
        throw section.refuse("makes an output of more than 2^31 values.");
      }
      made.add(layer);
      shape = layer.out();
    }
    return List.copyOf(made);
  }

  private Layer layer(Section section, List<Layer> before, Shape shape, Storage storage) {
    LayerCommon common = LayerCommon.of(before.size(), section);
    Quirks quirks = options.quirks();
    return switch (section.type()) {
      case "convolutional" -> new ConvolutionalLayer(common, section, shape, quirks, storage);
      case "connected" -> new ConnectedLayer(common, section, shape, storage);
      case "maxpool" -> new MaxpoolLayer(common, section, shape, storage);
      case "avgpool" -> new AvgpoolLayer(common, section, shape, storage);
      case "dropout" -> {
        float[] output = before.isEmpty() ? NOTHING : before.getLast().output();
        float[] delta = before.isEmpty() ? NOTHING : before.getLast().delta();
        yield new DropoutLayer(common, section, shape, output, delta, quirks, storage);
      }
      case "softmax" -> new SoftmaxLayer(common, section, shape, quirks, storage);
      case "cost" -> new CostLayer(common, section, shape, quirks, storage);
      case "batchnorm" -> new BatchnormLayer(common, shape, quirks, storage);
      case "activation" -> new ActivationLayer(common, section, shape, storage);
      default -> throw section.refuse("is not a layer.");
    };
  }

  /** The last layer that does more than compare. */
  private int outputLayer(CfgFile cfg) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      if (!(layers.get(i) instanceof CostLayer)) {
        return i;
      }
    }
    throw cfg.layers().getFirst().refuse("is no network: there are only cost layers; add others.");
  }

  private void refuseUntrainable(CfgFile cfg) {
    int expected = truths;
    boolean withCost = false;
    for (Layer layer : layers) {
      Section section = cfg.layers().get(layer.common().index());
      if (layer.cost().isPresent()) {
        withCost = true;
        if (layer.out().count() != expected) {
          throw section.refuse(
              "compares " + layer.out().count() + " values with a truth of " + expected + ".");
        }
      }
      if (layer.common().truth()) {
        expected = layer.out().count();
      }
    }
    if (options.training() && !withCost) {
      throw cfg.layers()
          .getLast()
          .refuse("is the last layer, and no layer owns a cost: add [softmax] or [cost].");
    }
  }

  /**
   * Trains for one iteration: forward and backward for each sub-batch, then one update.
   *
   * @return the loss for each image, the mean over the layers that own a cost
   */
  public double trainIteration(BatchLoader loader) {
    if (!options.training()) {
      throw new NetworkException("this network was built without training.");
    }
    double sum = 0;
    for (int i = 0; i < subdivisions; i++) {
      loader.load(seen, subBatch, input, truth);
      sum += forwardBackward();
    }
    update();
    double loss = sum / batch();
    averageLoss = averageLoss < 0 ? loss : averageLoss * .9 + loss * .1;
    return loss;
  }

  /** Forward and backward over the sub-batch in {@link #input}; returns its cost. */
  double forwardBackward() {
    pass.begin(true, subBatch, seen / batch(), (int) (seen % batch()));
    pass.truth(truth);
    seen += subBatch;
    pass.at(NOTHING, NOTHING, false);
    clearDeltas();
    forward();
    double cost = networkCost();
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer layer = layers.get(i);
      if (layer.common().stopBackward()) {
        break;
      }
      pass.at(
          i == 0 ? input : layers.get(i - 1).output(),
          i == 0 ? inputDelta : layers.get(i - 1).delta(),
          clearsBelow(i));
      layer.backward(pass);
    }
    return cost;
  }

  private void clearDeltas() {
    if (!clearsBelow(0)) {
      Arrays.fill(inputDelta, 0);
    }
    for (int i = 0; i < layers.size(); i++) {
      if (i + 1 == layers.size() || !clearsBelow(i + 1)) {
        pass.clear(layers.get(i).delta());
      }
    }
  }

  /**
   * Whether a layer sets the delta of its input to 0 itself, image by image, which spares a pass
   * over the memory: convolutions do, where nobody else adds to it.
   */
  private boolean clearsBelow(int layer) {
    return chained && layers.get(layer) instanceof ConvolutionalLayer;
  }

  private void forward() {
    float[] from = input;
    for (Layer layer : layers) {
      pass.at(from, NOTHING, false);
      layer.forward(pass);
      if (layer.common().truth()) {
        pass.truth(layer.output());
      }
      from = layer.output();
    }
  }

  private double networkCost() {
    double sum = 0;
    int count = 0;
    for (Layer layer : layers) {
      OptionalDouble cost = layer.cost();
      if (cost.isPresent()) {
        sum += cost.getAsDouble();
        count++;
      }
    }
    return sum / count;
  }

  /** Applies the updates of the sub-batches since the last time. */
  void update() {
    Step step = new Step(rate(), momentum, decay, batch());
    for (Layer layer : layers) {
      layer.update(pass, step);
    }
  }

  /**
   * The network's output for some images, without training on them.
   *
   * @param images (count, h, w, c)
   * @param count how many, any number
   * @return (count, outputs)
   */
  public float[] predict(float[] images, int count) {
    float[] predicted = new float[Math.multiplyExact(count, outputs())];
    for (int from = 0; from < count; from += subBatch) {
      int some = Math.min(subBatch, count - from);
      System.arraycopy(images, from * in.count(), input, 0, some * in.count());
      pass.begin(false, some, 0, 0);
      forward();
      System.arraycopy(output().output(), 0, predicted, from * outputs(), some * outputs());
    }
    return predicted;
  }

  /** Images of one iteration, over all sub-batches. */
  public int batch() {
    return subBatch * subdivisions;
  }

  /** Images of one sub-batch. */
  public int subBatch() {
    return subBatch;
  }

  /** Sub-batches of one iteration. */
  public int subdivisions() {
    return subdivisions;
  }

  /** Rows of an input image; 1 for inputs that are no image. */
  public int height() {
    return in.h();
  }

  /** Columns of an input image; 1 for inputs that are no image. */
  public int width() {
    return in.w();
  }

  /** Channels of an input image; all values for inputs that are no image. */
  public int channels() {
    return in.c();
  }

  /** Values of an input image. */
  public int inputs() {
    return in.count();
  }

  /** Values of an output. */
  public int outputs() {
    return output().out().count();
  }

  /** Values of an image's truth. */
  public int truths() {
    return truths;
  }

  /** Iterations after which training is done; 0 = the configuration does not say. */
  public int maxBatches() {
    return maxBatches;
  }

  /** All tensors that an iteration changes, in canonical order; together they are the block. */
  public List<NamedTensor> state() {
    return state;
  }

  /** Images seen so far; a multiple of {@link #batch()} between iterations. */
  public long seen() {
    return seen;
  }

  /** Goes on from where another network with the same state was. */
  public void setSeen(long images) {
    if (images < 0 || images % batch() != 0) {
      throw new NetworkException(
          images + " images seen are not a whole number of iterations of " + batch() + " images.");
    }
    seen = images;
  }

  /** Completed iterations. */
  public int iteration() {
    return Math.toIntExact(seen / batch());
  }

  /** The learning rate of the iteration that was completed last. */
  public float rate() {
    return learningRate.at(seen / batch());
  }

  /** .9 of what it was and .1 of the last loss; negative before the first iteration. */
  public double averageLoss() {
    return averageLoss;
  }

  /** Goes on from where another network with the same state was. */
  public void setAverageLoss(double loss) {
    averageLoss = loss;
  }

  /** Shards that a sub-batch is cut into: a function of its size alone. */
  public int shards() {
    return Pass.shards(subBatch);
  }

  /**
   * What the bits of the results depend on besides configuration and seed. Not the kernels' name:
   * all give the same bits.
   */
  public String plan() {
    StringBuilder plan = new StringBuilder();
    plan.append("kernels ").append(Kernels.VERSION).append(", shards ").append(shards());
    for (Quirk quirk : Quirk.values()) {
      if (options.quirks().has(quirk)) {
        plan.append(", quirk ").append(quirk);
      }
    }
    for (Layer layer : layers) {
      if (!layer.plan().isEmpty()) {
        plan.append(", layer ").append(layer.common().index()).append(": ").append(layer.plan());
      }
    }
    return plan.toString();
  }

  /** Whether every parameter, statistic and update is a finite number. */
  public boolean finite() {
    // The sum of x * 0 is 0 unless one of them is infinite or not a number.
    float sum = 0;
    for (float value : block) {
      sum += value * 0;
    }
    return sum == 0;
  }

  /** The layers, for those who read weights into them or look at what they compute. */
  public List<Layer> layers() {
    return layers;
  }

  /** Takes over the count of images that a .weights file carries, which may be any number. */
  public void startFrom(long images) {
    seen = images - images % batch();
  }

  private Layer output() {
    return layers.get(outputLayer);
  }

  float[] input() {
    return input;
  }

  float[] truth() {
    return truth;
  }

  float[] inputDelta() {
    return inputDelta;
  }
}
