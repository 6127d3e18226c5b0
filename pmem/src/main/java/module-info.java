/**
 * Mapping and write-back of persistent memory (pwb, pfence): the one seam where time and power can
 * be faked.
 */
module plinius.pmem {
  requires jdk.nio.mapmode;

  exports plinius.pmem;
}
