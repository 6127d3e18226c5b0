/** Starts the enclave and serves its calls. Never sees a key or a plaintext. */
module plinius.host {
  requires transitive plinius.boundary;
  requires com.fasterxml.jackson.core;
  requires java.net.http;

  exports plinius.host;
}
