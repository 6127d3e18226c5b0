/**
 * What the owner alone does: the master key and its file, samples, sealing data sets, opening
 * results. Outside the trusted part: no enclave holds this code.
 */
module plinius.owner {
  requires transitive plinius.dataset;

  exports plinius.owner;
}
