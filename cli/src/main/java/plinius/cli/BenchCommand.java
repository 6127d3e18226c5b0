package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures parts beside their peers. */
@Command(
    name = "bench",
    description = "Measures parts beside their peers: bench train CFG, bench sps.")
final class BenchCommand extends OtherProgram {
  @Override
  String module() {
    return "benchmarks";
  }

  /** As the image runs: kernels check their own ranges. Peers are there if they were built. */
  @Override
  List<String> options(Path module) {
    Path peers = module.resolve("peers/target/modules");
    String unchecked = "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0";
    String natives = "--enable-native-access=plinius.benchmarks,plinius.pmem,ALL-UNNAMED";
    return Files.isDirectory(peers)
        ? List.of(unchecked, natives, "-cp", peers + "/*")
        : List.of(unchecked, natives);
  }
}
