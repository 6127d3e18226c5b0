package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures parts beside their peers. */
@Command(
    name = "bench",
    description =
        "Measures parts beside their peers: bench train CFG, infer CFG, kernels, sps, freshness,"
            + " pm.")
final class BenchCommand extends OtherProgram {
  @Override
  String module() {
    return "benchmarks";
  }

  /** As the image runs: kernels check their own ranges. Peers are there if they were built. */
  @Override
  List<String> options(Path module) {
    Path peers = module.resolve("peers/target/modules");
    List<String> options = new ArrayList<>();
    options.add("@" + Installation.current().kernelOptions());
    String natives = "--enable-native-access=plinius.benchmarks,plinius.pmem,ALL-UNNAMED";
    options.add(natives);
    if (Files.isDirectory(peers)) {
      options.addAll(List.of("-cp", peers + "/*"));
    }
    return options;
  }
}
