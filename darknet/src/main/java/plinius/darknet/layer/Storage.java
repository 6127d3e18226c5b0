package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import plinius.darknet.NetworkException;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * Where layers get their memory from while a network is built: one block for everything that is
 * mirrored, and arrays of their own for what lives for one iteration. Refuses a network that the
 * heap cannot hold, before it tries.
 */
public final class Storage {
  /** What is really taken from the heap. */
  public enum Extent {
    /** All that computing needs. */
    ALL,
    /** The block, for those who only carry a state from one form into another. */
    STATE,
    /** Nothing: shapes and sizes alone. */
    NOTHING
  }

  /**
   * What one layer asked for.
   *
   * @param activationBytes that live for one iteration
   * @param convolutions that it computes; a connected layer is one over a 1 x 1 image
   */
  public record Needs(long activationBytes, List<ConvShape> convolutions) {
    /** Copies the list. */
    public Needs {
      convolutions = List.copyOf(convolutions);
    }
  }

  private final Extent extent;
  private final int batch;
  private final boolean training;
  private final boolean adam;
  private final int timeSteps;
  private final boolean lastStepStatistics;
  private final long limitBytes;
  private final List<Slot> slots = new ArrayList<>();
  private final List<float[]> floats = new ArrayList<>();
  private final List<int[]> ints = new ArrayList<>();
  private final List<Integer> floatsCounted = new ArrayList<>(); // whether they are taken or not
  private final List<Integer> intsCounted = new ArrayList<>();
  private int slotsAsked;
  private int floatsAsked;
  private int intsAsked;
  private float[] block = {};
  private long blockFloats;
  private long activationBytes;
  private final List<Needs> needs = new ArrayList<>();
  private final List<ConvShape> convolutions = new ArrayList<>(); // of the layer being made
  private long layerBytes; // of its activations
  private int partials;
  private int sums;
  private int prepared;
  private boolean inChain;
  private boolean recomputes;
  private final Map<Integer, float[][]> shared = new HashMap<>();

  /**
   * Storage for a network.
   *
   * @param extent what is allocated
   * @param batch images in a sub-batch
   * @param training whether deltas are needed
   * @param adam whether parameters are updated by Adam
   * @param timeSteps that recurrent layers take
   * @param lastStepStatistics whether batch normalisation there has the original's quirk
   * @param limitBytes that the network may take
   */
  public Storage(
      Extent extent,
      int batch,
      boolean training,
      boolean adam,
      int timeSteps,
      boolean lastStepStatistics,
      long limitBytes) {
    this.extent = extent;
    this.batch = batch;
    this.training = training;
    this.adam = adam;
    this.timeSteps = timeSteps;
    this.lastStepStatistics = lastStepStatistics;
    this.limitBytes = limitBytes;
  }

  /**
   * Begins again: what is asked for from here on is what was asked for before, in the same order,
   * for images of another size. All of it is 0 but the block. An array may be longer than asked
   * for.
   */
  public void rewind() {
    slotsAsked = 0;
    floatsAsked = 0;
    intsAsked = 0;
    shared.clear();
    needs.clear();
  }

  /** A tensor in the block, behind those asked for before. */
  public Slot slot(String name, Slot.Role role, int... shape) {
    if (slotsAsked < slots.size()) {
      Slot known = slots.get(slotsAsked++);
      if (!known.name().equals(name) || !Arrays.equals(known.shape(), shape)) {
        throw new NetworkException(
            name
                + " depends on the size of the images, which random=1 changes; leave random= out,"
                + " or use layers whose weights do not.");
      }
      return known;
    }
    slotsAsked++;
    long count = Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
    if (blockFloats + count > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "the network has more than 2^31 parameters with " + name + "; make it smaller.");
    }
    Slot slot = new Slot(name, role, (int) blockFloats, (int) count, shape);
    slots.add(slot);
    blockFloats += count;
    checkLimit();
    return slot;
  }

  /** Values for every image of a sub-batch. */
  public float[] activations(int perImage) {
    int at = floatsAsked++;
    layerBytes += length(perImage) * Float.BYTES;
    if (at < floats.size() && floats.get(at).length >= length(perImage)) {
      Arrays.fill(floats.get(at), 0);
      return floats.get(at);
    }
    return keep(floats, at, new float[checked(floatsCounted, at, perImage)]);
  }

  /** As {@link #activations}, but only in training; else empty. */
  float[] trainingActivations(int perImage) {
    return training ? activations(perImage) : new float[0];
  }

  /**
   * Says of the next layer how its output is read.
   *
   * @param chain whether only the layer after it reads it, block by block: then its delta lives no
   *     longer than one layer's way back
   * @param again whether it need not be kept, because it can be made again for each reader
   */
  public void next(boolean chain, boolean again) {
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

  /** Places for every value of every image; only in training, else empty. */
  int[] trainingIndexes(int perImage) {
    return training ? indexes(perImage) : new int[0];
  }

  /** Places for every value of every image. */
  int[] indexes(int perImage) {
    int at = intsAsked++;
    layerBytes += length(perImage) * Integer.BYTES;
    if (at < ints.size() && ints.get(at).length >= length(perImage)) {
      Arrays.fill(ints.get(at), 0);
      return ints.get(at);
    }
    return keep(ints, at, new int[checked(intsCounted, at, perImage)]);
  }

  private static <T> T keep(List<T> kept, int at, T array) {
    if (at < kept.size()) {
      kept.set(at, array);
    } else {
      kept.add(array);
    }
    return array;
  }

  private long length(int perImage) {
    return (long) batch * perImage;
  }

  /** Counts what an array is longer than the one that it replaces. */
  private int checked(List<Integer> counted, int at, int perImage) {
    long count = length(perImage);
    if (count > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          batch
              + " images with "
              + perImage
              + " values each do not fit one array; raise subdivisions.");
    }
    int before = at < counted.size() ? counted.get(at) : 0;
    if (count > before || at == counted.size()) {
      activationBytes += (count - before) * Float.BYTES;
      keep(counted, at, (int) count);
    }
    checkLimit();
    return extent == Extent.ALL ? (int) count : 0;
  }

  private void checkLimit() {
    long block = extent == Extent.NOTHING ? 0 : blockFloats * Float.BYTES;
    if (block + (extent == Extent.ALL ? activationBytes : 0) > limitBytes) {
      throw new NetworkException(
          "the network needs more than the "
              + (limitBytes >> 20)
              + " MiB of memory that it may take; raise subdivisions, lower batch, or give the"
              + " process more memory.");
    }
  }

  /** Asks for the scratch of a convolution. */
  void convolution(ConvShape shape) {
    convolutions.add(shape);
    prepared = Math.max(prepared, ConvPlan.preparedFloats(shape));
    if (training) {
      int shards = WeightUpdates.shards(shape.weights(), Pass.shards(batch));
      partials = Math.max(partials, shards * shape.weights());
      sums = Math.max(sums, WeightUpdates.sums(shape, Pass.shards(batch)));
    }
  }

  /** What was asked for since the last time was one layer's. */
  public void endLayer() {
    needs.add(new Needs(layerBytes, convolutions));
    layerBytes = 0;
    convolutions.clear();
  }

  /** What each layer asked for. */
  public List<Needs> needs() {
    return List.copyOf(needs);
  }

  /** Bytes that live for one iteration, of images of the largest size. */
  public long activationBytes() {
    return activationBytes;
  }

  /** Whether there is memory to compute with. */
  public boolean computes() {
    return extent == Extent.ALL;
  }

  /** Makes the block, once all layers have asked. */
  public void allocate() {
    block = new float[extent == Extent.NOTHING ? 0 : (int) blockFloats];
  }

  /** Images in a sub-batch. */
  public int batch() {
    return batch;
  }

  /** Whether parameters are updated by Adam. */
  boolean adam() {
    return adam;
  }

  /** Steps that a recurrent layer takes in one sub-batch. */
  int timeSteps() {
    return timeSteps;
  }

  /** The quirk that all steps' deltas are normalised with the last step's statistics. */
  boolean lastStepStatistics() {
    return lastStepStatistics;
  }

  /** Whether this is for training. */
  public boolean training() {
    return training;
  }

  /** The block; empty before {@link #allocate()}. */
  public float[] block() {
    return block;
  }

  /** All tensors of the block, in order. */
  public List<Slot> slots() {
    return List.copyOf(slots);
  }

  /** Bytes of scratch that layers use in turn. */
  public long scratchBytes() {
    return 4L * partials + 4L * sums + 4L * prepared;
  }

  /** Floats of scratch for partial sums. */
  public int partialFloats() {
    return partials;
  }

  /** Floats of scratch for the same, transformed. */
  public int sumFloats() {
    return sums;
  }

  /** Floats of scratch for weights in the form that convolutions read. */
  public int preparedFloats() {
    return prepared;
  }
}
