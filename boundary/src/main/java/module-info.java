/** Every call that crosses the border between host and enclave, as records with their codec. */
module plinius.boundary {
  exports plinius.boundary;
}
