package plinius.darknet.layer;

import java.util.List;
import java.util.OptionalDouble;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;
import plinius.kernel.CounterRandom;

/**
 * A layer. {@link #forward} fills {@link #output()} from the pass's input; {@link #backward} turns
 * {@link #delta()}, the negative gradient with regard to the output, into updates of the layer's
 * parameters and adds to the delta of its input; {@link #update} applies the updates.
 */
public abstract class Layer {
  final Site site;
  final Section section;
  final Storage storage;
  final Shape in;
  final Shape out;
  final float[] output;
  final float[] delta;

  /** A layer with memory of its own for output and delta. */
  Layer(Site site, Shape out) {
    this(site, out, site.storage().activations(out.count()), site.storage().delta(out.count()));
  }

  Layer(Site site, Shape out, float[] output, float[] delta) {
    this.site = site;
    this.section = site.section();
    this.storage = site.storage();
    this.in = site.in();
    this.out = out;
    this.output = output;
    this.delta = delta;
  }

  /** Its number, from 0. */
  public final int index() {
    return site.index();
  }

  /** What the configuration says of it. */
  public final Section section() {
    return section;
  }

  /** The shape of one image's output. */
  public final Shape out() {
    return out;
  }

  /** (batch, out); if it {@link #recomputes} something that it makes its output of. */
  public final float[] output() {
    return output;
  }

  /** (batch, out), the negative gradient; empty unless the network was built for training. */
  public final float[] delta() {
    return delta;
  }

  /** Computes the output. */
  public abstract void forward(Pass pass);

  /** Computes updates, and adds to the delta of the input if there is one. */
  public void backward(Pass pass) {
    if (pass.wantsInputDelta()) {
      addInputDelta(pass);
    }
  }

  /** Adds to the delta of the input; of itself nothing. */
  void addInputDelta(Pass pass) {}

  /**
   * Whether the layer takes its input block by block: in forward it finishes the images that it is
   * about to read; in backward it sets their delta to 0 before it adds, and says when it is
   * complete.
   */
  public boolean inBlocks() {
    return false;
  }

  /** Whether the first step back can be taken block by block, by {@link #takeDelta}. */
  public boolean takesDelta() {
    return false;
  }

  /** Before the first {@link #takeDelta} of a pass. */
  void beginDelta() {}

  /**
   * The first step back for some images of one shard, whose delta is complete; a shard's in order.
   *
   * @param y their outputs, from yAt
   */
  void takeDelta(Pass pass, int from, int to, float[] y, int yAt) {}

  /** Whether the output is not kept, but made again by {@link #writeOutput} for each reader. */
  boolean recomputes() {
    return false;
  }

  /** The last step of forward for some images, where {@link Pass#leaves} left it to the reader. */
  void writeOutput(Pass pass, int from, int to, float[] target, int at) {
    throw new IllegalStateException(site.name() + " leaves nothing to its readers");
  }

  /** {@link #writeOutput} of all images into {@link #output()}. */
  final void finish(Pass pass) {
    pass.eachShard(1, (from, to) -> writeOutput(pass, from, to, output, from * out.count()));
  }

  /** Whether it goes on from what it saw before. */
  public boolean recurrent() {
    return false;
  }

  /** Applies the updates; layers without parameters have nothing to do. */
  public void update(Pass pass, Step step) {}

  /** Gives parameters their initial values. */
  public void initialise(CounterRandom random) {}

  /** The sum of the layer's losses over the sub-batch, if the layer owns a cost. */
  public OptionalDouble cost() {
    return OptionalDouble.empty();
  }

  /** Values of an image's truth that the layer compares with; as many as its output has. */
  public int truths() {
    return out.count();
  }

  /** What it found in one image of the last prediction, if it detects. */
  public List<Detection> detections(Detection.Query query) {
    return List.of();
  }

  /** Forgets what earlier predictions left behind in a layer with a state. */
  public void forget() {}

  /**
   * What was chosen for this layer that the bits of its results depend on; empty if nothing was.
   */
  public String plan() {
    return "";
  }

  /** For layers whose output is an activation of each value of their input. */
  final void activateInput(Pass pass, Activation activation) {
    pass.eachShard(
        out.count(),
        (from, to) -> {
          System.arraycopy(pass.input, from, output, from, to - from);
          pass.kernels.activate(activation, output, from, to - from);
        });
  }

  /** For layers that hand their delta on as it is. */
  final void passDeltaOn(Pass pass) {
    if (pass.wantsInputDelta()) {
      pass.eachShard(
          out.count(),
          (from, to) -> pass.kernels.add(delta, from, pass.inputDelta, from, to - from));
    }
  }
}
