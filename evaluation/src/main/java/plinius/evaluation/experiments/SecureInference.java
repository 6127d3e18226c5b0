package plinius.evaluation.experiments;

import java.nio.file.Path;
import java.time.Duration;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/** The trained network on sealed test images, inside. */
final class SecureInference implements Experiment {
  private static final double PAPERS_ACCURACY = 98.52;

  @Override
  public String name() {
    return "inference";
  }

  @Override
  public String title() {
    return "Secure inference";
  }

  @Override
  public String paper() {
    return "12 convolutions, 10,000 test images of MNIST: accuracy 98.52 %.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 50 : 160);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(), laboratory.newFolder("inference"), laboratory.inputs().mnist());
    int iterations = laboratory.choose(200, 500);
    Path cfg =
        trainings.cfg(
            "inference.cfg",
            Networks.twelve(laboratory.choose(64, 128), iterations, laboratory.choose(8, 32)));
    Path pm = laboratory.newPm();
    laboratory.progress("inference: training");
    Product.Ended trained = trainings.train(cfg, pm);
    Table.Rows loss = Table.of("loss", "iteration", "loss");
    for (Event event : trained.iterations()) {
      loss.add(event.iteration(), event.number("averageLoss"));
    }
    Table.Rows tests = Table.of("tests", "run", "images", "correct");
    Table.Rows rates = Table.of("rates", "run", "images", "seconds", "few", "fewSeconds", "rate");
    int runs = laboratory.choose(1, 2);
    for (int run = 0; run < runs; run++) {
      laboratory.progress("inference: test and predictions, run " + (run + 1) + " of " + runs);
      Event result = trainings.test(cfg, pm).get("tested");
      tests.add(run, result.number("images"), result.number("correct"));
      Product.Ended all = trainings.predict(cfg, pm);
      Product.Ended few = trainings.predictFew(cfg, pm);
      rates.add(
          run,
          predictions(all),
          all.nanos() / 1e9,
          predictions(few),
          few.nanos() / 1e9,
          rate(predictions(all), all.nanos() / 1e9, predictions(few), few.nanos() / 1e9));
    }
    Table table = tests.done();
    Table rateTable = rates.done();
    double accuracy =
        100 * table.median("correct", row -> true) / table.median("images", row -> true);
    boolean papers = trainings.original() && !laboratory.quick();
    Findings.Builder findings =
        new Findings.Builder()
            .table(loss.done())
            .table(table)
            .table(rateTable)
            .figure(
                Figure.of(
                    "Average loss while training",
                    "loss",
                    Figure.Kind.LINE,
                    "iteration",
                    Figure.Axis.linear("iteration"),
                    "loss",
                    Figure.Axis.linear("average loss")))
            .claim(
                papers
                    ? Claim.atLeast(
                        PAPERS_ACCURACY,
                        "Accuracy on the 10,000 test images",
                        accuracy,
                        "%",
                        "98.52 %")
                    : Claim.of("Accuracy on the test images", accuracy, "%", "98.52 % on MNIST"))
            .claim(
                Claim.of(
                    "Images a second: unsealed, classified, answered under seal",
                    rateTable.median("rate", row -> true),
                    "",
                    ""))
            .note(
                "Accuracy: images are sealed under the owner's key and unsealed inside; only the"
                    + " number of right answers leaves. Rate: from the question to the answer that"
                    + " the owner has opened and printed, of all test images, less the same of a"
                    + " few, so that the start, attestation and restore are not in it. Data: "
                    + trainings.data()
                    + ".");
    return findings.build();
  }

  private static long predictions(Product.Ended ended) {
    return ended.events().stream().filter(event -> event.kind().equals("prediction")).count();
  }

  /** Images a second of what the larger question takes longer than the smaller. */
  static double rate(long images, double seconds, long few, double fewSeconds) {
    return (images - few) / (seconds - fewSeconds);
  }
}
