/** Twin-copy durable transactions, recovery, allocator, roots, extents. */
module plinius.romulus {
  requires transitive plinius.pmem;

  exports plinius.romulus;
}
