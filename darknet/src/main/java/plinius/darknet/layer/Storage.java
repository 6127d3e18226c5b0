package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import plinius.darknet.NetworkException;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Section;
import plinius.kernel.ConvShape;

/**
 * Where layers get their memory from while a network is built: one block for everything that is
 * mirrored, and arrays of their own for what lives for one iteration. Refuses a network that the
 * heap cannot hold, before it tries. Others that override what it takes from the heap make a
 * network that computes nothing.
 */
public class Storage {
  /** The memory of one request, for the largest images so far. */
  private static final class Area {
    long count;
    float[] floats = {};
    int[] indexes = {};
  }

  /** The rest of the heap is for the callers: data, staging, what they mirror. */
  private static final long LIMIT_BYTES = Runtime.getRuntime().maxMemory() / 4 * 3;

  private final int batch;
  private final boolean training;
  private final boolean adam;
  private final int timeSteps;
  private final List<NamedTensor> tensors = new ArrayList<>();
  private final List<Area> areas = new ArrayList<>();
  private final Map<Integer, float[][]> shared = new HashMap<>(); // deltas by size
  private int tensorsAsked;
  private int areasAsked;
  private float[] block = {};
  private long blockFloats;
  private long activationBytes;

  // Of the layer that is being made.
  private boolean inChain;
  private boolean recomputes;

  /** Scratch that layers use in turn: shards' partial weight updates. */
  float[] partials = {};

  /** Scratch that layers use in turn: shards' sums of transformed updates. */
  float[] sums = {};

  /** Prepared weights, where layers use that memory in turn. */
  private float[] preparedInTurn = {};

  /** Whether prepared weights stay as they are until the block is {@link #changed}. */
  boolean keepsPrepared;

  /** How often values of the block were said to be others than those that predictions prepared. */
  long changes;

  private int partialFloats;
  private int sumFloats;
  private int preparedMost;
  private long preparedAll;

  /** Storage for a network with these options. */
  public Storage(Section net, NetworkOptions options) {
    timeSteps = net.integer("time_steps");
    batch = Math.multiplyExact(net.integer("batch") / net.integer("subdivisions"), timeSteps);
    training = options.training();
    adam = net.flag("adam");
  }

  /**
   * Begins again: what is asked for from here on is what was asked for before, in the same order,
   * for images of another size. All of it is 0 but the block. An array may be longer than asked
   * for.
   */
  public void rewind() {
    tensorsAsked = 0;
    areasAsked = 0;
    shared.clear();
    preparedAll = 0;
  }

  /** A tensor in the block, behind those asked for before. */
  public NamedTensor slot(String name, NamedTensor.Role role, int... shape) {
    int number = tensorsAsked++;
    if (number < tensors.size()) {
      NamedTensor known = tensors.get(number);
      if (!known.name().equals(name) || !Arrays.equals(known.shape(), shape)) {
        throw new NetworkException(
            name
                + " depends on the size of the images, which random=1 changes; leave random= out,"
                + " or use layers whose weights do not.");
      }
      return known;
    }
    long count = Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
    if (blockFloats + count > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "the network has more than 2^31 parameters with " + name + "; make it smaller.");
    }
    tensors.add(new NamedTensor(this, name, role, (int) blockFloats, (int) count, shape));
    blockFloats += count;
    checkLimit();
    return tensors.getLast();
  }

  /** Values for every image of a sub-batch. */
  public float[] activations(int perImage) {
    Area area = area(perImage);
    if (area.floats.length < area.count) {
      area.floats = floats(area.count);
    }
    Arrays.fill(area.floats, 0);
    return area.floats;
  }

  /** As {@link #activations}, but only in training; else empty. */
  float[] trainingActivations(int perImage) {
    return training ? activations(perImage) : Pass.NOTHING;
  }

  /** Places for every value of every image. */
  protected int[] indexes(int perImage) {
    Area area = area(perImage);
    if (area.indexes.length < area.count) {
      area.indexes = ints(area.count);
    }
    Arrays.fill(area.indexes, 0);
    return area.indexes;
  }

  private Area area(int perImage) {
    long count = (long) batch * perImage;
    if (count > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "%s images with %s values each do not fit one array; raise subdivisions."
              .formatted(batch, perImage));
    }
    if (areasAsked == areas.size()) {
      areas.add(new Area());
    }
    Area area = areas.get(areasAsked++);
    activationBytes += Math.max(0, count - area.count) * Float.BYTES;
    area.count = Math.max(area.count, count);
    checkLimit();
    return area;
  }

  /** Zeros from the heap for what lives for one iteration. */
  protected float[] floats(long count) {
    return new float[(int) count];
  }

  /** Likewise. */
  protected int[] ints(long count) {
    return new int[(int) count];
  }

  /** Zeros from the heap for the block. */
  protected float[] state(long count) {
    return new float[(int) count];
  }

  /** Bytes that are taken from the heap for what was asked for until now. */
  protected long heapBytes() {
    return blockFloats * Float.BYTES + activationBytes + scratchBytes();
  }

  /** Bytes of scratch that layers use in turn, and of prepared weights, kept or in turn. */
  public long scratchBytes() {
    return ((keepsPrepared ? preparedAll : preparedMost) + partialFloats + sumFloats) * Float.BYTES;
  }

  private void checkLimit() {
    if (heapBytes() > LIMIT_BYTES) {
      throw new NetworkException(
          "the network needs more than the %s MiB of memory that it may take; raise subdivisions,"
                  .formatted(LIMIT_BYTES >> 20)
              + " lower batch, or give the process more memory.");
    }
  }

  /**
   * Says of the next layer how its output is read.
   *
   * @param chain whether only the layer after it reads it, block by block: then its delta lives no
   *     longer than one layer's way back
   * @param again whether it need not be kept, because it can be made again for each reader
   */
  protected void next(boolean chain, boolean again) {
    this.inChain = chain;
    this.recomputes = again;
  }

  /** Whether the layer's output need not be kept. */
  boolean recomputes() {
    return recomputes;
  }

  /**
   * A layer's delta; only in training, else empty. In a chain two are enough for all layers of a
   * size, in turns: that spares memory, and what is used again soon stays in the cache.
   */
  float[] delta(int perImage) {
    if (!inChain || !training) {
      return trainingActivations(perImage);
    }
    float[][] both = shared.computeIfAbsent(perImage, _ -> new float[2][]);
    float[] next = both[1] == null ? activations(perImage) : both[1];
    both[1] = both[0];
    both[0] = next;
    return next;
  }

  /** Asks for what a convolution needs; gives the place for its weights. */
  Prepared prepared(ConvShape shape) {
    convolution(shape);
    Prepared weights = new Prepared(this, shape);
    preparedMost = Math.max(preparedMost, weights.floats);
    preparedAll += weights.floats;
    checkLimit();
    return weights;
  }

  /** Asks for the scratch of a convolution. */
  protected void convolution(ConvShape shape) {
    if (training) {
      int shards = WeightUpdates.shards(shape.weights(), Pass.shards(batch));
      partialFloats = Math.max(partialFloats, shards * shape.weights());
      sumFloats = Math.max(sumFloats, WeightUpdates.sums(shape, Pass.shards(batch)));
    }
  }

  /** What was asked for since {@link #next} was one layer's. */
  protected void endLayer() {}

  /** Makes the block and the scratch of training, once all layers have asked. */
  public void allocate() {
    if (block.length == 0) {
      block = state(blockFloats);
    }
    partials = scratch(partialFloats, partials);
    sums = scratch(sumFloats, sums);
    // Predictions keep each layer's, unless that is more than the heap has room for.
    long more = preparedAll - preparedMost;
    keepsPrepared = !training && heapBytes() + more * Float.BYTES <= LIMIT_BYTES;
  }

  /**
   * Memory for prepared weights, made when it is used first, because not every network predicts.
   *
   * @param before what this gave to the same layer, or nothing
   */
  float[] preparedRoom(int floats, float[] before) {
    if (keepsPrepared) {
      return scratch(floats, before);
    }
    preparedInTurn = scratch(preparedMost, preparedInTurn);
    return preparedInTurn;
  }

  /** Says that values of the block are no longer those that predictions prepared. */
  public void changed() {
    changes++;
  }

  /** So much scratch; that from before, if it is enough. */
  private float[] scratch(int count, float[] before) {
    return count <= before.length ? before : floats(count);
  }

  /** Bytes that live for one iteration, of images of the largest size. */
  public long activationBytes() {
    return activationBytes;
  }

  /** Images in a sub-batch. */
  public int batch() {
    return batch;
  }

  /** Whether parameters are updated by Adam. */
  public boolean adam() {
    return adam;
  }

  /** Sequences that a recurrent layer reads side by side: images of one of its steps. */
  public int streams() {
    return batch / timeSteps;
  }

  /** Steps that a recurrent layer takes in one sub-batch. */
  public int timeSteps() {
    return timeSteps;
  }

  /** The block, for layers, which say themselves what they change; empty before allocate(). */
  float[] block() {
    return block;
  }

  /** All tensors of the block, in order. */
  public List<NamedTensor> tensors() {
    return List.copyOf(tensors);
  }
}
