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
import java.util.stream.Stream;
import plinius.evaluation.process.Product;

/** What experiments work with: media, the product, data, and how much time there is. */
public final class Laboratory implements AutoCloseable {
  private final Effort effort;
  private final Path pm;
  private final Path disk;
  private final Path platform;
  private final Product product;
  private final Optional<Path> mnist;
  private final Optional<Path> traces;
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
   * A laboratory.
   *
   * @param pm a folder on persistent memory, or on what stands in for it
   * @param disk a folder on the disk that it is compared with
   * @param product makes the product, given a folder for the simulated platform
   * @param mnist a folder with MNIST's four files
   * @param traces a folder with spot traces
   * @param progress told in a few words what is going on
   */
  public Laboratory(
      Effort effort,
      Path pm,
      Path disk,
      java.util.function.Function<Path, Product> product,
      Optional<Path> mnist,
      Optional<Path> traces,
      Consumer<String> progress) {
    this.effort = effort;
    this.pm = temporary(pm);
    this.disk = temporary(disk);
    this.platform = this.disk.resolve("platform");
    this.product = product.apply(platform);
    this.mnist = mnist;
    this.traces = traces;
    this.progress = progress;
  }

  private Path temporary(Path parent) {
    try {
      Path folder = Files.createTempDirectory(parent, "plinius-evaluation-");
      made.add(folder);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot work in " + parent + ": " + e.getMessage(), e);
    }
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

  public Product product() {
    return product;
  }

  public Optional<Path> mnist() {
    return mnist;
  }

  public Optional<Path> traces() {
    return traces;
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
