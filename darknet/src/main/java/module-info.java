/** Layers, network, optimizer, .cfg, .weights. */
module plinius.darknet {
  requires transitive plinius.kernel;

  exports plinius.darknet;
}
