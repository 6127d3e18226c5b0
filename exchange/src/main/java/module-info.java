/** What is exchanged with the original Darknet. The owner's side; outside the trusted part. */
module plinius.exchange {
  requires transitive plinius.darknet;
  requires plinius.kernel;

  exports plinius.exchange.cfg;
  exports plinius.exchange.net;
}
