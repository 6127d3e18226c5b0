/** Parts of the whole beside their peers, interleaved in one run. Outside the trusted part. */
module plinius.benchmarks {
  requires plinius.cli;
  requires plinius.broker;
  requires plinius.exchange;
  requires plinius.ingest;
  requires plinius.owner;
  requires transitive plinius.darknet;
  requires plinius.kernel;
  requires plinius.simd;
  requires plinius.romulus;
  requires plinius.pmem;
  requires info.picocli;
  requires java.management;
  requires jdk.incubator.vector;
  requires jdk.management;

  // For implementations that are built apart, from libraries which this build does without.
  exports plinius.benchmarks.network;

  uses plinius.benchmarks.network.Contender.Maker;

  opens plinius.benchmarks to
      info.picocli;
  opens plinius.benchmarks.freshness to
      info.picocli;
  opens plinius.benchmarks.pm to
      info.picocli;
  opens plinius.benchmarks.sps to
      info.picocli;
  opens plinius.benchmarks.network to
      info.picocli;
  opens plinius.benchmarks.kernels to
      info.picocli;
}
