package plinius.darknet;

/** Where a network gets its images from while it trains. */
@FunctionalInterface
public interface BatchLoader {
  /**
   * Fills one sub-batch.
   *
   * @param position how many images the training has seen before this sub-batch, over all
   *     iterations: the first image to load is number {@code position} of the endless order
   * @param images how many images to load
   * @param input to fill from its begin: (images, height, width, channels), as the network computes
   *     with it; rows and columns are {@link Network#batchHeight} and {@link Network#batchWidth}
   * @param truth to fill completely: (images, truths), such as 1 at the label's place and 0
   *     elsewhere
   */
  void load(long position, int images, float[] input, float[] truth);
}
