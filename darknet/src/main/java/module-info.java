/** Layers, network, optimizer, .cfg, .weights. */
module plinius.darknet {
  requires transitive plinius.kernel;

  exports plinius.darknet;
  exports plinius.darknet.cfg;
  exports plinius.darknet.data;
  exports plinius.darknet.layer;
  exports plinius.darknet.weights;
}
