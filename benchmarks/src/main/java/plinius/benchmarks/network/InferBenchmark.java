package plinius.benchmarks.network;

import picocli.CommandLine.Command;

/** Images a second of predictions. */
@Command(
    name = "infer",
    description =
        "Asks a network about noise, in Plinius and in those of libtorch (built with -Pbenchmarks)"
            + " and the original (--darknet) that are there: images a second, in turns.")
public final class InferBenchmark extends NetworkBenchmark {
  InferBenchmark() {
    super(Task.Work.INFER);
  }
}
