/** Layers, network, optimizer, .cfg, .weights. Trusted. */
package plinius.darknet;
