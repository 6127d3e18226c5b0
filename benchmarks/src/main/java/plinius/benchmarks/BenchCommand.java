package plinius.benchmarks;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import plinius.benchmarks.freshness.FreshnessBenchmark;
import plinius.benchmarks.kernels.KernelsBenchmark;
import plinius.benchmarks.network.InferBenchmark;
import plinius.benchmarks.network.TrainBenchmark;
import plinius.benchmarks.pm.PmCommand;
import plinius.benchmarks.sps.SpsCommand;
import plinius.cli.ExitCode;
import plinius.cli.Terminal;

/** Measures a part beside its peers. */
@Command(
    name = "bench",
    description = "Measures a part beside its peers, interleaved in one run.",
    subcommands = {
      TrainBenchmark.class,
      InferBenchmark.class,
      KernelsBenchmark.class,
      SpsCommand.class,
      FreshnessBenchmark.class,
      PmCommand.class
    })
final class BenchCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    Terminal.error(
        "say what to measure: bench train CFG, bench infer CFG, bench kernels, bench sps, bench"
            + " freshness, bench pm");
    return ExitCode.USAGE.code();
  }
}
