/**
 * One file a layer, with forward, backward and update as the original's file of the same name has
 * them. Start at {@link plinius.darknet.layer.Layer}, then {@link
 * plinius.darknet.layer.ConvolutionalLayer}. Conventions of all files: activations are NHWC, delta
 * is the negative gradient, updates add up, sums over the batch are taken shard by shard and added
 * in the shards' order.
 */
package plinius.darknet.layer;
