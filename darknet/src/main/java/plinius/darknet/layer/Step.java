package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * One step of the optimizer, Darknet's update_args.
 *
 * @param rate learning rate of this iteration
 * @param momentum share of the updates that is kept
 * @param decay weight decay
 * @param batch images in the iteration, over all sub-batches
 * @param clip largest size of a convolution's weight; 0 = any
 * @param adam what Adam needs, if the network was built with it
 */
public record Step(float rate, float momentum, float decay, int batch, float clip, Adam adam) {
  /**
   * Adam's constants.
   *
   * @param b1 share of the mean that is kept
   * @param b2 share of the mean of squares that is kept
   * @param eps added to the root
   * @param updates how many there were, with this one
   */
  public record Adam(float b1, float b2, float eps, float updates) {}

  /** The step that section [net] asks for. */
  public static Step of(Section net, float rate, int batch, float updates) {
    Adam adam = new Adam(net.decimal("B1"), net.decimal("B2"), net.decimal("eps"), updates);
    float momentum = net.decimal("momentum");
    return new Step(rate, momentum, net.decimal("decay"), batch, net.decimal("clip"), adam);
  }
}
