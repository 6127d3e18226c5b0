/** The sealed data set: record format and the enclave's reader; what a label is. */
module plinius.dataset {
  requires transitive plinius.seal;

  exports plinius.dataset;
}
