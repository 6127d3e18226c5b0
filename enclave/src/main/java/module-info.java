/**
 * The trusted program: gets its keys, opens the pool, loads batches, trains, mirrors out and in,
 * answers calls.
 */
module plinius.enclave {
  requires plinius.boundary;
  requires transitive plinius.attestation;
  requires transitive plinius.dataset;
  requires transitive plinius.romulus;
  requires transitive plinius.pmem;
  requires transitive plinius.seal;
  requires transitive plinius.darknet;
  requires plinius.kernel;

  // Measured by itself, by programs outside of the trusted part; nothing in the image uses it so.
  exports plinius.enclave.mirror;
  exports plinius.enclave.pmdata;
}
