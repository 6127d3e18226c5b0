/** New keys for data, pool and record of a job. The owner's side. */
module plinius.rekey {
  requires plinius.cli;
  requires plinius.broker;
  requires plinius.owner;
  requires plinius.enclave;
  requires plinius.attestation;
  requires plinius.dataset;
  requires plinius.darknet;
  requires plinius.kernel;
  requires plinius.reference;
  requires plinius.pmem;
  requires plinius.romulus;
  requires plinius.seal;
  requires info.picocli;

  opens plinius.rekey to
      info.picocli;
}
