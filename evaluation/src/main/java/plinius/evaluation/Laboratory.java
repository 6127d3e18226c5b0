package plinius.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import plinius.evaluation.process.Product;

/** What experiments work with: media, the product, data, and how much time there is. */
public final class Laboratory implements AutoCloseable {
  private static final String PREFIX = "plinius-evaluation-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "([0-9]{1,18})-.*");

  private final Effort effort;
  private final Path pm;
  private final Path disk;
  private final Path platform;
  private final Product product;
  private final Inputs inputs;
  private final Consumer<String> progress;
  private final List<Path> made = new ArrayList<>();
  private int folders;

  /** How much an experiment may do. */
  public enum Effort {
    /** Everything in ten minutes on two cores: fewer points, fewer repetitions, smaller models. */
    QUICK,
    /** As the paper does it, or more. */
    FULL
  }

  /**
   * What a user may have and the project has not: each experiment does without it, or says what it
   * would need.
   *
   * @param mnist a folder with MNIST's four files
   * @param traces a folder with spot traces
   * @param darknet the original's shared library, to be trained beside
   */
  public record Inputs(Optional<Path> mnist, Optional<Path> traces, Optional<Path> darknet) {
    /** Nothing but MNIST, or not even that. */
    public static Inputs ofMnist(Optional<Path> mnist) {
      return new Inputs(mnist, Optional.empty(), Optional.empty());
    }
  }

  /**
   * A laboratory.
   *
   * @param pm a folder on persistent memory, or on what stands in for it
   * @param disk a folder on the disk that it is compared with
   * @param product makes the product, given a folder for the simulated platform
   * @param inputs what lies outside the project
   * @param progress told in a few words what is going on
   */
  public Laboratory(
      Effort effort,
      Path pm,
      Path disk,
      java.util.function.Function<Path, Product> product,
      Inputs inputs,
      Consumer<String> progress) {
    this.effort = effort;
    this.pm = temporary(pm);
    this.disk = temporary(disk);
    this.platform = this.disk.resolve("platform");
    this.product = product.apply(platform);
    this.inputs = inputs;
    this.progress = progress;
  }

  /** A folder that carries its process's number: what a killed one left can be told from ours. */
  private Path temporary(Path parent) {
    try {
      removeAbandoned(parent);
      Path folder = Files.createTempDirectory(parent, PREFIX + ProcessHandle.current().pid() + "-");
      made.add(folder);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot work in " + parent + ": " + e.getMessage(), e);
    }
  }

  /** Removes the folders of processes that are no more: pools on tmpfs take memory. */
  static void removeAbandoned(Path parent) throws IOException {
    List<Path> abandoned;
    try (Stream<Path> files = Files.list(parent)) {
      abandoned = files.filter(Files::isDirectory).filter(Laboratory::abandoned).toList();
    }
    abandoned.forEach(Laboratory::remove);
  }

  private static boolean abandoned(Path folder) {
    Matcher name = NAME.matcher(folder.getFileName().toString());
    return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
  }

  public boolean quick() {
    return effort == Effort.QUICK;
  }

  /** One of two values, by effort. */
  public <T> T choose(T quick, T full) {
    return quick() ? quick : full;
  }

  /** Our folder on persistent memory. */
  public Path pm() {
    return pm;
  }

  /** Our folder on the disk. */
  public Path disk() {
    return disk;
  }

  /** A folder for a pool that does not exist yet. */
  public Path newPm() {
    folders++;
    return pm.resolve("pool-" + folders);
  }

  /** A new folder of this name on the disk. */
  public Path newFolder(String name) {
    try {
      return Files.createDirectory(disk.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A new folder somewhere else, which goes with this laboratory. */
  public Path newFolder(Path parent) {
    return temporary(parent);
  }

  public Product product() {
    return product;
  }

  public Inputs inputs() {
    return inputs;
  }

  public void progress(String what) {
    progress.accept(what);
  }

  /** Removes a folder or a file that an experiment needs no more. */
  public static void remove(Path place) {
    if (!Files.exists(place)) {
      return;
    }
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    made.forEach(Laboratory::remove);
  }
}
