package plinius.darknet.layer;

import java.util.Arrays;
import java.util.function.IntConsumer;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * What a layer sees of its network during one forward or backward pass; Darknet hands down a copy
 * of its {@code network} for the same purpose. The network sets the fields before it calls a layer.
 *
 * <p>The batch is cut into shards by its size alone, never by the number of threads. Each shard's
 * sums are its own, and they are added in the shards' order: so the bits of the result do not
 * depend on who computed what.
 */
public final class Pass {
  /** Most shards that a batch is cut into. */
  public static final int MAX_SHARDS = 8;

  static final float[] NOTHING = {};

  final Kernels kernels;
  final Workers workers;
  final Draws draws;

  /** Images that the arrays have room for. */
  final int batch;

  /** Scratch that layers use in turn: shards' partial weight updates. */
  final float[] partials;

  /** Scratch that layers use in turn: weights in the form that convolutions read. */
  final float[] prepared;

  float[] input = NOTHING;
  float[] inputDelta = NOTHING;
  float[] truth = NOTHING;
  boolean training;

  /** Values of an image of inputDelta that nobody has set to 0 yet; 0 if somebody has. */
  int unset;

  int first;
  int images;
  int shards;
  int step;
  long seen;
  long iteration;
  int firstImage;

  /** A pass that can be used again and again, with the scratch that the layers asked for. */
  public Pass(Kernels kernels, Workers workers, Draws draws, Storage storage) {
    this(
        kernels,
        workers,
        draws,
        storage.batch(),
        new float[storage.computes() ? storage.partialFloats() : 0],
        new float[storage.computes() ? storage.preparedFloats() : 0]);
  }

  /** Whether it has as much scratch as the layers have asked for by now. */
  public boolean holds(Storage storage) {
    return storage.partialFloats() <= partials.length
        && storage.preparedFloats() <= prepared.length;
  }

  private Pass(
      Kernels kernels,
      Workers workers,
      Draws draws,
      int batch,
      float[] partials,
      float[] prepared) {
    this.kernels = kernels;
    this.workers = workers;
    this.draws = draws;
    this.batch = batch;
    this.partials = partials;
    this.prepared = prepared;
  }

  /**
   * Begins a pass over a sub-batch.
   *
   * @param training whether it is part of a training iteration
   * @param images in this sub-batch
   * @param iteration completed iterations
   * @param firstImage index of the sub-batch's first image within its iteration
   * @param seen images seen over all iterations, with this sub-batch
   */
  public void begin(boolean training, int images, long iteration, int firstImage, long seen) {
    this.training = training;
    this.images = images;
    this.shards = shards(images);
    this.iteration = iteration;
    this.firstImage = firstImage;
    this.seen = seen;
    this.truth = NOTHING;
  }

  /**
   * The part of this pass that is one step of a recurrent layer: the images [step * streams, (step
   * + 1) * streams), for the layers within it.
   */
  Pass timeStep(int number, int streams) {
    Pass part = new Pass(kernels, workers, draws, batch, partials, prepared);
    part.begin(training, streams, iteration, firstImage, seen);
    part.first = number * streams;
    part.step = number;
    return part;
  }

  /** For a layer within another: what it reads, and what it adds to. */
  void at(float[] layerInput, float[] layerInputDelta) {
    at(layerInput, layerInputDelta, 0);
  }

  /**
   * What the next layer reads, and where its backward adds what it finds out about that.
   *
   * @param toClear values of each image that the layer has to set to 0 there before it adds; 0 if
   *     it has not
   */
  public void at(float[] layerInput, float[] layerInputDelta, int toClear) {
    this.input = layerInput;
    this.inputDelta = layerInputDelta;
    this.unset = toClear;
  }

  /** What layers with a cost compare with, from here on. */
  public void truth(float[] expected) {
    this.truth = expected;
  }

  /** The number of shards of so many images. */
  public static int shards(int images) {
    return Math.min(MAX_SHARDS, images);
  }

  /** Sets all values of the batch to 0. */
  public void clear(float[] batchValues) {
    runChunks(batchValues.length, (from, count) -> Arrays.fill(batchValues, from, from + count, 0));
  }

  boolean hasTruth() {
    return truth.length > 0;
  }

  boolean wantsInputDelta() {
    return inputDelta.length > 0;
  }

  /** First image of a shard; for the number behind the last shard, the end of the batch. */
  int from(int shard) {
    return first + (int) ((long) shard * images / shards);
  }

  /** Runs a task for every shard, on all threads. */
  void run(IntConsumer shardTask) {
    workers.run(shards, shardTask);
  }

  /** Sets the delta of some images to 0 if nobody has, while it is about to be in the cache. */
  void beforeAdding(int from, int to) {
    if (unset > 0) {
      Arrays.fill(inputDelta, from * unset, to * unset, 0);
    }
  }

  /** A task over the images [from, to). */
  @FunctionalInterface
  interface ImagesTask {
    void accept(int from, int to);
  }

  /** Runs a task for every shard, some of its images at a time, so that they stay in the cache. */
  void runBlocks(int block, ImagesTask task) {
    run(
        shard -> {
          int end = from(shard + 1);
          for (int image = from(shard); image < end; image += block) {
            task.accept(image, Math.min(image + block, end));
          }
        });
  }

  /** Values that one task of an elementwise pass takes: 64 KiB of floats. */
  private static final int CHUNK = 1 << 14;

  /** A task over a range of values. */
  @FunctionalInterface
  interface RangeTask {
    void accept(int from, int count);
  }

  /** Runs a task over ranges of {@code count} values; for work whose order does not matter. */
  void runChunks(int count, RangeTask task) {
    int chunks = (count + CHUNK - 1) / CHUNK;
    workers.run(
        chunks,
        chunk -> {
          int from = chunk * CHUNK;
          task.accept(from, Math.min(CHUNK, count - from));
        });
  }
}
