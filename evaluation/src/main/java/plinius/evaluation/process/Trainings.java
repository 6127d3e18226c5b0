package plinius.evaluation.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.cli.demo.DrawnDigits;

/** An owner with a key and sealed digits, and the commands that train and test on them. */
public final class Trainings {
  private static final int DRAWN_TRAIN = 12_000;
  private static final int DRAWN_TEST = 2_000;
  private static final int FEW = 128;

  private final Product product;
  private final Path folder;
  private final boolean original;

  private Trainings(Product product, Path folder, boolean original) {
    this.product = product;
    this.folder = folder;
    this.original = original;
  }

  /**
   * Makes a key and seals digits.
   *
   * @param folder for key, data and configurations; exists
   * @param mnist a folder with MNIST's files; without it digits are drawn
   */
  public static Trainings prepare(Product product, Path folder, Optional<Path> mnist) {
    Trainings trainings = new Trainings(product, folder, mnist.isPresent());
    product.run("key", "new", trainings.key()).expectDone();
    if (mnist.isPresent()) {
      trainings.seal(mnist.get(), "train", trainings.train());
      trainings.seal(mnist.get(), "t10k", trainings.test());
    } else {
      draw(new DrawnDigits(21), folder, "train", DRAWN_TRAIN);
      draw(new DrawnDigits(22), folder, "t10k", DRAWN_TEST);
      trainings.seal(folder, "train", trainings.train());
      trainings.seal(folder, "t10k", trainings.test());
    }
    return trainings;
  }

  private static void draw(DrawnDigits digits, Path into, String part, int count) {
    try {
      Files.createDirectories(into);
      digits.write(
          into.resolve(part + "-images-idx3-ubyte"),
          into.resolve(part + "-labels-idx1-ubyte"),
          count);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void seal(Path from, String part, Path out) {
    product
        .run(
            "data",
            "seal",
            "--key",
            key(),
            "--images",
            idx(from, part + "-images-idx3-ubyte"),
            "--labels",
            idx(from, part + "-labels-idx1-ubyte"),
            "--out",
            out)
        .expectDone();
  }

  private static Path idx(Path folder, String name) {
    return Stream.of(name, name + ".gz")
        .map(folder::resolve)
        .filter(Files::isReadable)
        .findFirst()
        .orElseThrow(
            () ->
                new Refusal(
                    ExitCode.BAD_INPUT,
                    folder + " has neither " + name + " nor " + name + ".gz: want MNIST's files"));
  }

  /** Whether the digits are MNIST's own. */
  public boolean original() {
    return original;
  }

  /** What the digits are, for people. */
  public String data() {
    return original
        ? "MNIST"
        : DRAWN_TRAIN + " + " + DRAWN_TEST + " digits drawn by the program, in MNIST's place";
  }

  public Product product() {
    return product;
  }

  private Path key() {
    return folder.resolve("owner.key");
  }

  private Path train() {
    return folder.resolve("train.sealed");
  }

  private Path test() {
    return folder.resolve("test.sealed");
  }

  /** Writes a configuration. */
  public Path cfg(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts training. */
  public Product.Running startTraining(
      Path cfg, Path pm, Consumer<Event> listener, Object... more) {
    return product.start(listener, arguments("train", cfg, train(), pm, more));
  }

  /** Trains to the end. */
  public Product.Ended train(Path cfg, Path pm, Object... more) {
    return startTraining(cfg, pm, event -> {}, more).end().expectDone();
  }

  /** Tests the model of a pool. */
  public Product.Ended test(Path cfg, Path pm, Object... more) {
    return product.run(arguments("test", cfg, test(), pm, more)).expectDone();
  }

  /**
   * Asks the model of a pool about every test image: the answer is sealed inside and opened by the
   * owner.
   */
  public Product.Ended predict(Path cfg, Path pm) {
    return predict(cfg, pm, test());
  }

  /** The same about a few drawn digits: what asking costs besides the images. */
  public Product.Ended predictFew(Path cfg, Path pm) {
    Path few = folder.resolve("few.sealed");
    if (!Files.exists(few)) {
      Path drawn = folder.resolve("few");
      draw(new DrawnDigits(23), drawn, "t10k", FEW);
      seal(drawn, "t10k", few);
    }
    return predict(cfg, pm, few);
  }

  private Product.Ended predict(Path cfg, Path pm, Path data) {
    return product.run(arguments("predict", cfg, data, pm, "--top", 1)).expectDone();
  }

  /** Bytes in extents of a pool: those of one whole mirror, padding to pages included. */
  public long mirrorBytes(Path pm) {
    Product.Ended info = product.run("pm", "info", pm, "--json").expectDone();
    return info.events().getFirst().fields().path("extentUsedBytes").asLong();
  }

  private Object[] arguments(String verb, Path cfg, Path data, Path pm, Object... more) {
    List<Object> all =
        new ArrayList<>(List.of(verb, cfg, "--data", data, "--key", key(), "--pm", pm, "--json"));
    all.addAll(List.of(more));
    return all.toArray();
  }
}
