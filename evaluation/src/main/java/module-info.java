/**
 * The paper's experiments and further ones, run with real processes: raw data, claims beside their
 * bars and the paper's values, a report. Outside the trusted part.
 */
module plinius.evaluation {
  requires plinius.cli;
  requires plinius.enclave;
  requires plinius.attestation;
  requires plinius.dataset;
  requires plinius.owner;
  requires plinius.ingest;
  requires plinius.romulus;
  requires plinius.pmem;
  requires plinius.seal;
  requires plinius.darknet;
  requires plinius.kernel;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.datatype.jdk8;
  requires info.picocli;
  requires java.management;
  requires jdk.management;

  opens plinius.evaluation to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens plinius.evaluation.spot to
      info.picocli,
      com.fasterxml.jackson.databind;
}
