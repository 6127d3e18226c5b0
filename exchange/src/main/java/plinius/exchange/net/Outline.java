package plinius.exchange.net;

import java.util.ArrayList;
import java.util.List;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.Storage;
import plinius.kernel.ConvShape;

/**
 * The storage of a network that computes nothing: takes no memory but for its state, if that is
 * wanted, and writes down what each layer asked for.
 */
public final class Outline extends Storage {
  /**
   * What one layer asked for.
   *
   * @param activationBytes that live for one iteration
   * @param convolutions that it computes; a connected layer is one over a 1 x 1 image
   * @param madeAgain whether its output may be made again for its reader instead of kept
   */
  public record Needs(long activationBytes, List<ConvShape> convolutions, boolean madeAgain) {
    /** Copies the list. */
    public Needs {
      convolutions = List.copyOf(convolutions);
    }
  }

  private static final float[] NO_FLOATS = {};
  private static final int[] NO_INTS = {};

  private final boolean withState;
  private final List<Needs> needs = new ArrayList<>();
  private final List<List<Needs>> before = new ArrayList<>(); // for images of other sizes
  private final List<ConvShape> convolutions = new ArrayList<>();
  private boolean madeAgain;
  private long layerBytes;

  Outline(Section net, NetworkOptions options, boolean withState) {
    super(net, options);
    this.withState = withState;
  }

  /**
   * A network that computes nothing: its layers' shapes and what it would need, and its state if
   * that is wanted, for those who read one from a file or write one into it.
   *
   * @throws plinius.darknet.DarknetException if the configuration makes no network
   */
  public static Network network(CfgFile cfg, NetworkOptions options, boolean withState) {
    Network network = Network.over(new Outline(cfg.net(), options, withState), cfg, options);
    return withState ? network.initialise() : network;
  }

  /** What each layer asked for. */
  List<Needs> needs() {
    return List.copyOf(needs);
  }

  /** The same for each size of images until now, the present one last. */
  List<List<Needs>> needsOfAllSizes() {
    List<List<Needs>> all = new ArrayList<>(before);
    all.add(needs());
    return all;
  }

  @Override
  public void rewind() {
    super.rewind();
    before.add(needs());
    needs.clear();
    layerBytes = 0;
  }

  @Override
  protected void next(boolean chain, boolean again) {
    super.next(chain, again);
    madeAgain = again;
  }

  @Override
  public float[] activations(int perImage) {
    layerBytes += (long) batch() * perImage * Float.BYTES;
    return super.activations(perImage);
  }

  @Override
  protected int[] indexes(int perImage) {
    layerBytes += (long) batch() * perImage * Integer.BYTES;
    return super.indexes(perImage);
  }

  @Override
  protected void convolution(ConvShape shape) {
    convolutions.add(shape);
    super.convolution(shape);
  }

  @Override
  protected void endLayer() {
    needs.add(new Needs(layerBytes, convolutions, madeAgain));
    layerBytes = 0;
    convolutions.clear();
  }

  @Override
  protected float[] floats(long count) {
    return NO_FLOATS;
  }

  @Override
  protected int[] ints(long count) {
    return NO_INTS;
  }

  @Override
  protected float[] state(long count) {
    return withState ? super.state(count) : NO_FLOATS;
  }

  @Override
  protected long heapBytes() {
    return withState ? super.heapBytes() - activationBytes() - scratchBytes() : 0;
  }
}
