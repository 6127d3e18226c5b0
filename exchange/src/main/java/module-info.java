/** What is exchanged with the original Darknet. The owner's side; outside the trusted part. */
module plinius.exchange {
  requires transitive plinius.darknet;
  requires transitive plinius.attestation;
  requires transitive plinius.pmem;
  requires transitive plinius.seal;
  requires plinius.enclave;
  requires plinius.kernel;
  requires plinius.reference;
  requires plinius.romulus;

  exports plinius.exchange.cfg;
  exports plinius.exchange.net;
  exports plinius.exchange.weights;
}
