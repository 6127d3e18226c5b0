package plinius.darknet.layer;

import java.util.Arrays;
import java.util.function.IntConsumer;
import plinius.kernel.Draws;
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

  /** Inputs that are made again, one block at a time. */
  private static final ThreadLocal<float[]> BLOCK = ThreadLocal.withInitial(() -> NOTHING);

  /**
   * What passes compute with.
   *
   * @param storage of the layers, with the scratch that they use in turn
   */
  public record Means(Kernels kernels, Workers workers, Draws draws, Storage storage) {}

  /**
   * Where in the training a pass is.
   *
   * @param training whether it is part of a training iteration
   * @param iteration completed iterations
   * @param firstImage index of the sub-batch's first image within its iteration
   * @param seen images seen over all iterations, with this sub-batch
   */
  public record Moment(boolean training, long iteration, int firstImage, long seen) {}

  final Means means;
  final Moment moment;
  final Kernels kernels;
  final boolean training;

  /** The first of its images in the sub-batch, and how many they are. */
  final int first;

  final int images;
  final int shards;
  final int step; // of a recurrent layer

  float[] input = NOTHING;
  float[] inputDelta = NOTHING;
  float[] truth = NOTHING;

  /** Values of an image of inputDelta that nobody has set to 0 yet; 0 if somebody has. */
  private int unset;

  /** The layer whose output the input is; null if that is complete in any case. */
  private Layer before;

  /** Whether the last step of that layer's forward is left to whoever reads its output. */
  private boolean unfinished;

  private boolean mayLeave;
  private boolean left;

  /** Whose first step back is taken as soon as its delta is complete; null if nobody's. */
  private Layer below;

  /** Whether that of the current layer has been taken by the layer above. */
  private boolean begun;

  /** A pass over the first images of a sub-batch. */
  public Pass(Means means, Moment moment, int images) {
    this(means, moment, images, 0);
  }

  private Pass(Means means, Moment moment, int images, int step) {
    this.means = means;
    this.moment = moment;
    this.images = images;
    this.step = step;
    first = step * images;
    shards = shards(images);
    kernels = means.kernels();
    training = moment.training();
  }

  /**
   * The part of this pass that is one step of a recurrent layer: the images [number * streams,
   * (number + 1) * streams), for the layers within it.
   */
  Pass timeStep(int number, int streams) {
    return new Pass(means, moment, streams, number);
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

  /**
   * From here on layers may leave the last step of forward to their reader, which takes it block by
   * block, just before it reads: that spares a pass over the memory.
   */
  public void letLeave() {
    this.mayLeave = true;
    this.left = false;
  }

  /** Says whose output the input is, and that it may still have to be finished. */
  public void reads(Layer layer) {
    this.before = layer;
    this.unfinished = left;
    this.left = false;
  }

  /** Does what is left to do to the input, for a layer that does not do it block by block. */
  public void finishInput() {
    if (unfinished) {
      before.finish(this);
      unfinished = false;
    }
  }

  /** For a layer's last step of forward: whether its reader takes it. */
  boolean leaves() {
    left = mayLeave;
    return left;
  }

  /**
   * The input of some images: where it lies, or, if it is not kept, made again in memory of this
   * thread that is good until the next call. It begins at {@link #inputAt}.
   */
  float[] inputBlock(int from, int to, int perImage) {
    if (before != null && before.recomputes()) {
      float[] mine = BLOCK.get();
      if (mine.length < (to - from) * perImage) {
        mine = new float[(to - from) * perImage];
        BLOCK.set(mine);
      }
      before.writeOutput(this, from, to, mine, 0);
      return mine;
    }
    if (unfinished) {
      before.writeOutput(this, from, to, input, from * perImage);
    }
    return input;
  }

  /** Where the first of the images lies in {@link #inputBlock}. */
  int inputAt(int from, int perImage) {
    return before != null && before.recomputes() ? 0 : from * perImage;
  }

  /**
   * For the next layer's backward.
   *
   * @param taker the layer below, if its first step back is to be taken block by block; else null
   * @param taken whether the next layer's own has been taken so
   */
  public void backward(Layer taker, boolean taken) {
    this.below = taker;
    this.begun = taken;
    if (taker != null) {
      taker.beginDelta();
    }
  }

  /** Whether the layer above has taken this layer's first step back. */
  boolean begun() {
    return begun;
  }

  /** Whether {@link #deltaComplete} wants the input too. */
  boolean wantsInputBlock() {
    return below != null;
  }

  /**
   * Says that the input's delta of some images is complete, while it is in the cache.
   *
   * @param block the input of these images, from {@code at}
   */
  void deltaComplete(int from, int to, float[] block, int at) {
    if (below != null) {
      below.takeDelta(this, from, to, block, at);
    }
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
    runChunks(batchValues.length, (from, to) -> Arrays.fill(batchValues, from, to, 0));
  }

  boolean hasTruth() {
    return truth.length > 0;
  }

  boolean wantsInputDelta() {
    return inputDelta.length > 0;
  }

  /** The shard that an image is in. */
  int shardOf(int image) {
    int shard = 0;
    while (from(shard + 1) <= image) {
      shard++;
    }
    return shard;
  }

  /** First image of a shard; for the number behind the last shard, the end of the batch. */
  int from(int shard) {
    return first + (int) ((long) shard * images / shards);
  }

  /** Sets the delta of some images to 0 if nobody has, while it is about to be in the cache. */
  void beforeAdding(int from, int to) {
    if (unset > 0) {
      Arrays.fill(inputDelta, from * unset, to * unset, 0);
    }
  }

  /** Shares out tasks among the threads. */
  void run(int tasks, IntConsumer task) {
    means.workers().run(tasks, task);
  }

  /** A task over the images, or the values, [from, to). */
  @FunctionalInterface
  interface RangeTask {
    void accept(int from, int to);
  }

  /** Runs a task for every shard's values, of which each image has so many. */
  void eachShard(int perImage, RangeTask task) {
    run(shards, shard -> task.accept(from(shard) * perImage, from(shard + 1) * perImage));
  }

  /** Runs a task for every image, in any order. */
  void eachImage(IntConsumer task) {
    run(images, image -> task.accept(first + image));
  }

  /** Runs a task for every shard, some of its images at a time, so that they stay in the cache. */
  void runBlocks(int block, RangeTask task) {
    run(
        shards,
        shard -> {
          for (int image = from(shard), end = from(shard + 1), next; image < end; image = next) {
            next = end - image > block ? image + block : end;
            task.accept(image, next);
          }
        });
  }

  /** Values that one task of an elementwise pass takes: 64 KiB of floats. */
  private static final int CHUNK = 1 << 14;

  /** Runs a task over ranges of {@code count} values; for work whose order does not matter. */
  void runChunks(int count, RangeTask task) {
    run(
        Math.ceilDiv(count, CHUNK),
        chunk -> task.accept(chunk * CHUNK, (int) Math.min((chunk + 1L) * CHUNK, count)));
  }
}
