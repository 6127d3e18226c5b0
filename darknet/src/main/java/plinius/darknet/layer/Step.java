package plinius.darknet.layer;

/**
 * One step of gradient descent, Darknet's update_args.
 *
 * @param rate learning rate of this iteration
 * @param momentum share of the updates that is kept
 * @param decay weight decay
 * @param batch images in the iteration, over all sub-batches
 */
public record Step(float rate, float momentum, float decay, int batch) {}
