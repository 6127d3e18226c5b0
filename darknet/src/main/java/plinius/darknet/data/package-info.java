/**
 * From samples to what a network is trained on: Darknet's image operations and augmentation, truths
 * of detectors, one-hot text. Trusted. Start at {@link plinius.darknet.data.Augmentation}.
 *
 * <p>Nothing here consumes a stream of random numbers: what is drawn for an image is a function of
 * the seed and of the image's number, so that a resumed run draws the same again.
 */
package plinius.darknet.data;
