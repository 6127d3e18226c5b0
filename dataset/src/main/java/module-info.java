/** What a sample is; the sealed data set: record format and the enclave's reader. */
module plinius.dataset {
  requires transitive plinius.seal;

  exports plinius.dataset;
}
