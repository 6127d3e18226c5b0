/** Simulated persistent memory with crash enumeration, for tests. */
module plinius.testkit {
  requires transitive plinius.pmem;

  exports plinius.testkit;
}
