/** Starts the enclave and serves its calls. Never sees a key or a plaintext. Untrusted. */
package plinius.host;
