package plinius.darknet;

import static java.util.Objects.checkIndex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.CostLayer;
import plinius.darknet.layer.Detection;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.Layers;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.Pass;
import plinius.darknet.layer.Shape;
import plinius.darknet.layer.Step;
import plinius.darknet.layer.Storage;
import plinius.kernel.CounterRandom;
import plinius.kernel.Draws;
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

  private final NetworkOptions options;
  private final CfgFile cfg;
  private final Storage storage;
  private final Draws draws;
  private final Optional<Sizes> sizes; // of the images in training, if they change
  private final Shape own; // of an image, as the configuration says
  private final int subdivisions;
  private final Optional<NamedTensor> adamUpdates;
  private final LearningRate learningRate;
  private final boolean chained; // each layer reads the one before it and no other
  private final int truths;
  private final Layers.Maker maker;
  private final Pass.Means means;
  private Shape in; // of the images at present
  private List<Layer> layers;
  private Pass pass; // the last one
  float[] input; // (subBatch, h, w, c)
  float[] truth; // (subBatch, truths)
  float[] inputDelta = NOTHING; // (subBatch, h, w, c), where a test looks at it
  private long seen;
  private double averageLoss = -1;

  /**
   * Builds a network and gives its parameters their initial values.
   *
   * @throws DarknetException if the configuration makes no network
   */
  public static Network build(CfgFile cfg, NetworkOptions options) {
    return blank(cfg, options).initialise();
  }

  /**
   * Builds a network whose parameters are all 0: for those who bring a state, which spares drawing
   * initial values, or call {@link #initialise} when they find none.
   *
   * @throws DarknetException if the configuration makes no network
   */
  public static Network blank(CfgFile cfg, NetworkOptions options) {
    return over(new Storage(cfg.net(), options), cfg, options);
  }

  /**
   * A network over a storage of the caller's own; its parameters are all 0.
   *
   * @throws DarknetException if the configuration makes no network
   */
  public static Network over(Storage storage, CfgFile cfg, NetworkOptions options) {
    return new Network(cfg, options, storage, new CounterRandom(options.seed()), Layers::new);
  }

  /** For tests: with other random draws and layers. */
  Network(CfgFile cfg, NetworkOptions options, Storage storage, Draws draws, Layers.Maker maker) {
    this.cfg = cfg;
    this.options = options;
    this.draws = draws;
    this.maker = maker;
    this.storage = storage;
    Section net = cfg.net();
    subdivisions = net.integer("subdivisions");
    learningRate = new LearningRate(net, draws);
    int h = net.integer("height");
    own =
        h > 0
            ? new Shape(h, net.integer("width"), net.integer("channels"), true)
            : Shape.flat(net.integer("inputs"));
    sizes = Sizes.of(cfg).filter(_ -> options.training() && h > 0);
    means = new Pass.Means(options.kernels(), options.workers(), draws, storage);
    // The largest first, in whose memory the smaller ones have room.
    makeLayers(sizes.map(s -> new Shape(s.most(), s.most(), own.c(), true)).orElse(own));
    adamUpdates =
        storage.adam()
            ? Optional.of(storage.slot("net.adam.updates", NamedTensor.Role.OPTIMIZER, 1))
            : Optional.empty();
    chained = cfg.layers().stream().noneMatch(Layers::looksBack);
    truths = layers.getLast().truths();
    refuseUntrainable();
    allocate();
    sizes.ifPresent(this::refuseUnfit);
  }

  /** Gives all parameters their initial values. */
  public Network initialise() {
    storage.changed();
    CounterRandom random = new CounterRandom(options.seed());
    layers.forEach(layer -> layer.initialise(random));
    return this;
  }

  /** What the layers share, once all of them have asked for theirs. */
  private void allocate() {
    input = storage.activations(in.count());
    truth = storage.activations(truths);
    storage.allocate();
  }

  /**
   * Takes images of another size from here on (network.c resize_network): makes the layers anew, in
   * the memory of those before them; what they have learnt stays where it is.
   */
  private void takeImagesOf(int height, int width) {
    if (in.h() != height || in.w() != width) {
      makeLayers(new Shape(height, width, own.c(), true));
      allocate();
    }
  }

  private void makeLayers(Shape images) {
    in = images;
    storage.rewind();
    layers = maker.begin(in, options, storage).of(cfg);
  }

  /** Makes the layers for every size that may be drawn, lest one be refused in mid-training. */
  private void refuseUnfit(Sizes drawn) {
    for (int side = drawn.least(); side < drawn.most(); side += Sizes.STEP) {
      makeLayers(new Shape(side, side, own.c(), true));
    }
    makeLayers(own);
    allocate();
  }

  private void refuseUntrainable() {
    int expected = truths;
    boolean withCost = false;
    for (Layer layer : layers) {
      if (layer.cost().isPresent()) {
        withCost = true;
        if (options.training() && layer.truths() != expected) {
          throw layer
              .section()
              .refuse("compares " + layer.truths() + " values with a truth of " + expected + ".");
        }
      }
      if (layer.section().flag("truth")) {
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
    takeImagesOf(batchHeight(), batchWidth());
    double sum = 0;
    for (int i = 0; i < subdivisions; i++) {
      loader.load(seen, subBatch(), input, truth);
      sum += forwardBackward();
    }
    update();
    double loss = sum / batch();
    averageLoss = averageLoss < 0 ? loss : averageLoss * .9 + loss * .1;
    return loss;
  }

  /** Forward and backward over the sub-batch in {@link #input}; returns its cost. */
  double forwardBackward() {
    int first = (int) (seen % batch());
    long iteration = iteration();
    seen += subBatch();
    pass = new Pass(means, new Pass.Moment(true, iteration, first, seen), subBatch());
    pass.truth(truth);
    clearDeltas();
    forward();
    double cost = networkCost();
    boolean taken = false;
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer layer = layers.get(i);
      if (layer.section().flag("stopbackward")) {
        break;
      }
      float[] below = i == 0 ? inputDelta : layers.get(i - 1).delta();
      int values = i == 0 ? in.count() : layers.get(i - 1).out().count();
      pass.at(i == 0 ? input : layers.get(i - 1).output(), below, clearsBelow(i) ? values : 0);
      pass.reads(i == 0 ? null : layers.get(i - 1));
      boolean takes = i > 0 && clearsBelow(i) && firstStepTaken(layers.get(i - 1));
      pass.backward(takes ? layers.get(i - 1) : null, taken);
      layer.backward(pass);
      taken = takes;
    }
    return cost;
  }

  private static boolean firstStepTaken(Layer below) {
    return below.takesDelta() && !below.section().flag("stopbackward");
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
   * over the memory, where nobody else adds to it: neither another reader nor a cost.
   */
  private boolean clearsBelow(int layer) {
    boolean added = layer > 0 && layers.get(layer - 1).cost().isPresent();
    return chained && !added && layers.get(layer).inBlocks();
  }

  private void forward() {
    float[] from = input;
    Layer before = null;
    pass.letLeave();
    for (Layer layer : layers) {
      pass.at(from, NOTHING, 0);
      pass.reads(before);
      if (!layer.inBlocks()) {
        pass.finishInput();
      }
      layer.forward(pass);
      before = layer;
      // Only who was built to train has memory for losses and deltas.
      if (options.training() && layer.section().flag("truth")) {
        pass.reads(layer);
        pass.finishInput();
        pass.truth(inTheirOrder(layer));
      }
      from = layer.output();
    }
    pass.reads(before);
    pass.finishInput();
  }

  /** A layer's output as truths are: images in Darknet's (c, h, w) order. */
  private float[] inTheirOrder(Layer layer) {
    int count = layer.out().count();
    float[] theirs = new float[subBatch() * count];
    for (int i = 0; i < theirs.length; i++) {
      theirs[i] = layer.output()[i - i % count + layer.out().place(i % count)];
    }
    return theirs;
  }

  private double networkCost() {
    double sum = 0;
    int costs = 0;
    for (Layer layer : layers) {
      if (layer.cost().isPresent()) {
        sum += layer.cost().getAsDouble();
        costs++;
      }
    }
    return sum / costs;
  }

  /** Applies the updates of the sub-batches since the last time. */
  void update() {
    Section net = cfg.net();
    float updates = adamUpdates.map(count -> ++count.block()[count.offset()]).orElse(0f);
    Step step = Step.of(net, rate(), batch(), updates);
    layers.forEach(layer -> layer.update(pass, step));
  }

  /**
   * The network's output for some images, without training on them. A recurrent network goes on
   * from its last prediction.
   *
   * @param images (count, h, w, c); with time steps, sub-batches ordered [time step, stream]
   * @param count how many; with time steps, a multiple of the sub-batch
   * @return (count, outputs)
   */
  public float[] predict(float[] images, int count) {
    int most = subBatch();
    boolean recurrent = storage.timeSteps() > 1 || layers.stream().anyMatch(Layer::recurrent);
    if (recurrent && count % most != 0) {
      throw new NetworkException(
          count + " rows are no multiple of batch x time_steps = " + most + ".");
    }
    takeImagesOf(own.h(), own.w());
    float[] predicted = new float[Math.multiplyExact(count, outputs())];
    for (int from = 0; from < count; from += most) {
      int some = Math.min(most, count - from);
      System.arraycopy(images, from * in.count(), input, 0, some * in.count());
      pass = new Pass(means, new Pass.Moment(false, 0, 0, 0), some);
      forward();
      System.arraycopy(output().output(), 0, predicted, from * outputs(), some * outputs());
    }
    return predicted;
  }

  /**
   * Lets a stream of a recurrent network begin anew (network.c reset_network_state).
   *
   * @throws IndexOutOfBoundsException if it is none of the streams, batch / subdivisions
   */
  public void resetState(int stream) {
    checkIndex(stream, storage.streams());
    for (NamedTensor tensor : state()) {
      if (tensor.role() == NamedTensor.Role.STATE) {
        int values = tensor.count() / tensor.shape()[0]; // (streams, outputs)
        int from = tensor.offset() + stream * values;
        Arrays.fill(tensor.block(), from, from + values, 0);
      }
    }
  }

  /** Forgets what earlier predictions left behind in recurrent layers. */
  public void forget() {
    layers.forEach(Layer::forget);
  }

  /**
   * What layers that detect found in an image of the last prediction, before non-maximum
   * suppression.
   *
   * @param image number of the image within its sub-batch
   * @param width of the picture that was put into the input as a letterbox
   * @param height of that picture
   * @param threshold below which a probability counts as 0
   * @param treeThreshold down to which a tree of classes is followed
   */
  public List<Detection> detections(
      int image, int width, int height, float threshold, float treeThreshold) {
    Detection.Query query = new Detection.Query(image, width, height, in, threshold, treeThreshold);
    return layers.stream().flatMap(layer -> layer.detections(query).stream()).toList();
  }

  /** Images of one iteration, over all sub-batches. */
  public int batch() {
    return subBatch() * subdivisions;
  }

  /** Images of one sub-batch. */
  public int subBatch() {
    return storage.batch();
  }

  /** Rows of an input image; 1 for inputs that are no image. */
  public int height() {
    return own.h();
  }

  /** Columns of an input image; 1 for inputs that are no image. */
  public int width() {
    return own.w();
  }

  /** Channels of an input image; all values for inputs that are no image. */
  public int channels() {
    return own.c();
  }

  /** Values of an input image. */
  public int inputs() {
    return own.count();
  }

  /** Rows of the images that the next training iteration takes: others, with random=1. */
  public int batchHeight() {
    return sizes.map(s -> s.side(iteration(), draws)).orElse(own.h());
  }

  /** Columns of the images that the next training iteration takes. */
  public int batchWidth() {
    return sizes.isPresent() ? batchHeight() : own.w();
  }

  /** Values of an output. */
  public int outputs() {
    return output().out().count();
  }

  /** Values of an image's truth. */
  public int truths() {
    return truths;
  }

  /** All tensors that an iteration changes, in canonical order; together they are the block. */
  public List<NamedTensor> state() {
    return storage.tensors();
  }

  /** Takes over what another network of these layers has learnt, whatever its batch. */
  public void takeOver(Network other) {
    for (NamedTensor tensor : state()) {
      for (NamedTensor same : other.state()) {
        if (same.name().equals(tensor.name()) && same.count() == tensor.count()) {
          System.arraycopy(
              same.block(), same.offset(), tensor.block(), tensor.offset(), tensor.count());
        }
      }
    }
    setSeen(other.iteration() * (long) batch());
  }

  /** What it was built with. */
  public NetworkOptions options() {
    return options;
  }

  /** Images seen so far; a multiple of {@link #batch()} between iterations. */
  public long seen() {
    return seen;
  }

  /**
   * Goes on from where another network with the same state was, which may have been written into
   * the block before: weights that predictions prepared are prepared anew.
   */
  public void setSeen(long images) {
    if (images < 0 || images % batch() != 0) {
      throw new NetworkException(
          images + " images seen are not a whole number of iterations of " + batch() + " images.");
    }
    seen = images;
    storage.changed();
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
    return Pass.shards(subBatch());
  }

  /**
   * What the bits of the results depend on besides configuration and seed. Not the kernels' name:
   * all give the same bits.
   */
  public String plan() {
    List<String> plan = new ArrayList<>();
    plan.add("kernels " + Kernels.VERSION);
    plan.add("shards " + shards());
    layers.stream()
        .filter(layer -> !layer.plan().isEmpty())
        .forEach(layer -> plan.add("layer " + layer.index() + ": " + layer.plan()));
    return String.join(", ", plan);
  }

  /** The layers, for those who read weights into them or look at what they compute. */
  public List<Layer> layers() {
    return layers;
  }

  /** What its layers asked for, in training or not as it was built. */
  public Storage storage() {
    return storage;
  }

  /** The last layer that does more than compare. */
  private Layer output() {
    return layers.reversed().stream()
        .filter(layer -> !(layer instanceof CostLayer))
        .findFirst()
        .orElseThrow(
            () -> layers.getFirst().section().refuse("is no network: there are only cost layers."));
  }
}
