/**
 * Darknet's .weights files. Start at {@link plinius.darknet.weights.WeightsReader}. Trusted; the
 * bytes are not.
 */
package plinius.darknet.weights;
