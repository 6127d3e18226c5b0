package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import plinius.darknet.NetworkException;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/**
 * Where layers get their memory from while a network is built: one block for everything that is
 * mirrored, and arrays of their own for what lives for one iteration. Refuses a network that the
 * heap cannot hold, before it tries.
 */
public final class Storage {
  private final int batch;
  private final boolean training;
  private final boolean adam;
  private final int timeSteps;
  private final boolean lastStepStatistics;
  private final long limitBytes;
  private final List<Slot> slots = new ArrayList<>();
  private final List<float[]> floats = new ArrayList<>();
  private final List<int[]> ints = new ArrayList<>();
  private int slotsAsked;
  private int floatsAsked;
  private int intsAsked;
  private float[] block = {};
  private long blockFloats;
  private long bytes;
  private int partials;
  private int prepared;

  /**
   * Storage for a network.
   *
   * @param batch images in a sub-batch
   * @param training whether deltas are needed
   * @param adam whether parameters are updated by Adam
   * @param timeSteps that recurrent layers take
   * @param lastStepStatistics whether batch normalisation there has the original's quirk
   * @param limitBytes that the network may take
   */
  public Storage(
      int batch,
      boolean training,
      boolean adam,
      int timeSteps,
      boolean lastStepStatistics,
      long limitBytes) {
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
    take(count);
    return slot;
  }

  /** Values for every image of a sub-batch. */
  public float[] activations(int perImage) {
    int at = floatsAsked++;
    if (at < floats.size() && floats.get(at).length >= length(perImage)) {
      Arrays.fill(floats.get(at), 0);
      return floats.get(at);
    }
    return keep(floats, at, new float[checked(perImage)]);
  }

  /** As {@link #activations}, but only in training; else empty. */
  float[] trainingActivations(int perImage) {
    return training ? activations(perImage) : new float[0];
  }

  /** Places for every value of every image; only in training, else empty. */
  int[] trainingIndexes(int perImage) {
    return training ? indexes(perImage) : new int[0];
  }

  /** Places for every value of every image. */
  int[] indexes(int perImage) {
    int at = intsAsked++;
    if (at < ints.size() && ints.get(at).length >= length(perImage)) {
      Arrays.fill(ints.get(at), 0);
      return ints.get(at);
    }
    return keep(ints, at, new int[checked(perImage)]);
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

  private int checked(int perImage) {
    long count = length(perImage);
    if (count > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          batch
              + " images with "
              + perImage
              + " values each do not fit one array; raise subdivisions.");
    }
    take(count);
    return (int) count;
  }

  private void take(long floats) {
    bytes += floats * Float.BYTES;
    if (bytes > limitBytes) {
      throw new NetworkException(
          "the network needs more than the "
              + (limitBytes >> 20)
              + " MiB of memory that it may take; raise subdivisions, lower batch, or give the"
              + " process more memory.");
    }
  }

  /** Asks for the scratch of a convolution. */
  void convolution(ConvShape shape) {
    prepared = Math.max(prepared, ConvPlan.preparedFloats(shape));
    if (training) {
      int shards = WeightUpdates.shards(shape.weights(), Pass.shards(batch));
      partials = Math.max(partials, shards * shape.weights());
    }
  }

  /** Makes the block, once all layers have asked. */
  public void allocate() {
    block = new float[(int) blockFloats];
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

  /** Floats of scratch for partial sums. */
  public int partialFloats() {
    return partials;
  }

  /** Floats of scratch for weights in the form that convolutions read. */
  public int preparedFloats() {
    return prepared;
  }
}
