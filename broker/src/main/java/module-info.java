/** Releases keys to accepted enclaves; its log; its HTTPS. */
module plinius.broker {
  requires plinius.verification;
  requires plinius.attestation;
  requires plinius.seal;
  requires com.fasterxml.jackson.databind;
  requires jdk.httpserver;

  exports plinius.broker;
}
