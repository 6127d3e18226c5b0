/** Layers, network, optimizer, .cfg. */
module plinius.darknet {
  requires transitive plinius.kernel;

  exports plinius.darknet;
  exports plinius.darknet.cfg;
  exports plinius.darknet.data;
  exports plinius.darknet.layer;
}
