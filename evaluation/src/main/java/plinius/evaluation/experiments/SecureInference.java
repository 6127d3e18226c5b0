package plinius.evaluation.experiments;

import java.nio.file.Path;
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
  public Findings run(Laboratory laboratory) {
    Trainings trainings =
        Trainings.prepare(
            laboratory.product(),
            CrashResilience.folder(laboratory, "inference"),
            laboratory.mnist());
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
    Table.Rows tests = Table.of("tests", "run", "images", "correct", "seconds", "imagesPerSecond");
    for (int run = 0; run < laboratory.choose(1, 3); run++) {
      laboratory.progress("inference: test");
      Product.Ended tested = trainings.test(cfg, pm);
      Event result = tested.get("tested");
      double before =
          tested.events().stream()
              .filter(event -> event.nanos() < result.nanos())
              .mapToDouble(Event::seconds)
              .max()
              .orElseThrow();
      double seconds = result.seconds() - before;
      tests.add(
          run,
          result.number("images"),
          result.number("correct"),
          seconds,
          result.number("images") / seconds);
    }
    Table table = tests.done();
    double accuracy =
        100 * table.median("correct", row -> true) / table.median("images", row -> true);
    boolean papers = trainings.original() && !laboratory.quick();
    Findings.Builder findings =
        new Findings.Builder()
            .table(loss.done())
            .table(table)
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
                    "Images a second, unsealed and classified",
                    table.median("imagesPerSecond", row -> true),
                    "",
                    ""))
            .note(
                "Images are sealed under the owner's key and unsealed inside; only the number of"
                    + " right answers leaves. The time is that between the last event before and"
                    + " the result: attestation, key release and restore are mostly in it, because"
                    + " the verb test reports nothing between, so the rate is a lower limit. Data: "
                    + trainings.data()
                    + ".");
    return findings.build();
  }
}
