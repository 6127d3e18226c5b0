/**
 * The trusted program: gets its keys, opens the pool, loads batches, trains, mirrors out and in,
 * answers calls.
 */
module plinius.enclave {
  requires plinius.boundary;
  requires plinius.attestation;
  requires plinius.dataset;
  requires plinius.romulus;
  requires plinius.pmem;
  requires plinius.seal;
  requires plinius.darknet;
  requires plinius.kernel;
}
