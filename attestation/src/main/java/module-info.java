/** What an enclave can say about itself, and how it asks for keys (KBS messages). */
module plinius.attestation {
  requires transitive plinius.seal;

  exports plinius.attestation;
  exports plinius.attestation.gramine;
  exports plinius.attestation.kbs;
  exports plinius.attestation.simulation;
  exports plinius.attestation.tsm;
}
