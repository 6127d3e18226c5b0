package plinius.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * What the demonstration trains on: two pairs of IDX files.
 *
 * @param description for people
 */
record DemoData(
    String description, Path trainImages, Path trainLabels, Path testImages, Path testLabels) {
  /** Where Debian's package dataset-fashion-mnist has its files. */
  private static final Path FASHION_MNIST = Path.of("/usr/share/datasets/fashion-mnist");

  private static final int DRAWN_TRAIN = 8000;
  private static final int DRAWN_TEST = 1000;
  private static final long TRAIN_SEED = 1;
  private static final long TEST_SEED = 2;

  /** The folder that the user names, else Fashion-MNIST, else digits drawn into a folder. */
  static DemoData find(Optional<Path> folder, Path drawInto) throws IOException {
    if (folder.isPresent()) {
      return inFolder(folder.get(), "images of " + folder.get())
          .orElseThrow(
              () ->
                  new Refusal(
                      ExitCode.BAD_INPUT,
                      "no data in "
                          + folder.get()
                          + ": want train-images-idx3-ubyte, train-labels-idx1-ubyte,"
                          + " t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz"));
    }
    Optional<DemoData> fashion = inFolder(FASHION_MNIST, "images of Fashion-MNIST");
    return fashion.isPresent() ? fashion.get() : draw(drawInto);
  }

  private static Optional<DemoData> inFolder(Path folder, String description) {
    List<Optional<Path>> files =
        List.of(
            plainOrGzipped(folder, "train-images-idx3-ubyte"),
            plainOrGzipped(folder, "train-labels-idx1-ubyte"),
            plainOrGzipped(folder, "t10k-images-idx3-ubyte"),
            plainOrGzipped(folder, "t10k-labels-idx1-ubyte"));
    return files.stream().allMatch(Optional::isPresent)
        ? Optional.of(
            new DemoData(
                description,
                files.get(0).get(),
                files.get(1).get(),
                files.get(2).get(),
                files.get(3).get()))
        : Optional.empty();
  }

  private static Optional<Path> plainOrGzipped(Path folder, String name) {
    Path plain = folder.resolve(name);
    Path gzipped = folder.resolve(name + ".gz");
    return Files.isReadable(plain)
        ? Optional.of(plain)
        : Optional.of(gzipped).filter(Files::isReadable);
  }

  private static DemoData draw(Path folder) throws IOException {
    DemoData data =
        new DemoData(
            "digits, drawn just now",
            folder.resolve("train-images-idx3-ubyte"),
            folder.resolve("train-labels-idx1-ubyte"),
            folder.resolve("t10k-images-idx3-ubyte"),
            folder.resolve("t10k-labels-idx1-ubyte"));
    new DrawnDigits(TRAIN_SEED).write(data.trainImages, data.trainLabels, DRAWN_TRAIN);
    new DrawnDigits(TEST_SEED).write(data.testImages, data.testLabels, DRAWN_TEST);
    return data;
  }
}
