/**
 * The order of the values in Darknet's .weights files, which each layer knows of its own. The files
 * themselves are read and written elsewhere, by their owner. Trusted.
 */
package plinius.darknet.weights;
