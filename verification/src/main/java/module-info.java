/** Is the evidence real; do we accept it. Outside the trusted part. */
module plinius.verification {
  requires transitive plinius.attestation;

  exports plinius.verification;
  exports plinius.verification.evidence;
}
