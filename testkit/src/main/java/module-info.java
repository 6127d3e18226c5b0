/** Persistent memory that crashes and platforms that nobody built, for tests. */
module plinius.testkit {
  requires transitive plinius.pmem;

  exports plinius.testkit;
  exports plinius.testkit.tee;
}
