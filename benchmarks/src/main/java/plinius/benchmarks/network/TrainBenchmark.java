package plinius.benchmarks.network;

import picocli.CommandLine.Command;

/** Images a second of whole training iterations. */
@Command(
    name = "train",
    description =
        "Trains a network on noise, by Plinius and by those of libtorch (built with -Pbenchmarks)"
            + " and the original (--darknet) that are there: images a second, in turns.")
public final class TrainBenchmark extends NetworkBenchmark {
  TrainBenchmark() {
    super(Task.Work.TRAIN);
  }
}
