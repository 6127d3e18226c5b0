/**
 * Pool files, typed objects, group commit and inspection over romulus, for programs and operators.
 * Outside the trusted part: the enclave uses pools as they are.
 */
module plinius.store {
  requires transitive plinius.pmem;
  requires transitive plinius.romulus;
  requires static jdk.jfr;

  exports plinius.store;
}
