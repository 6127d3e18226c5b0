/** The verbs of the owner and of the operator. */
module plinius.cli {
  requires transitive plinius.host;
  requires plinius.broker;
  requires plinius.dataset;
  requires transitive plinius.owner;
  requires plinius.ingest;
  requires plinius.romulus;
  requires plinius.store;
  requires plinius.pmem;
  requires transitive plinius.darknet;
  requires plinius.exchange;
  requires plinius.verification;
  requires transitive plinius.attestation;
  requires plinius.seal;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;

  exports plinius.cli;
  exports plinius.cli.demo;

  opens plinius.cli to
      info.picocli;
}
