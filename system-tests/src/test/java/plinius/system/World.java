package plinius.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import plinius.cli.demo.DrawnDigits;

/** An owner with a key, sealed digits and a small network, and room for pools. */
final class World implements AutoCloseable {
  /** Iterations of the small network's schedule. */
  static final int ITERATIONS = 60;

  /** Images of one. */
  static final int BATCH = 8;

  private static final int IMAGES = 3000;
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private static Path common;

  private final Path folder;
  private final Plinius plinius;
  private int pools;

  private World(Path folder, Plinius plinius) {
    this.folder = folder;
    this.plinius = plinius;
  }

  static World make() {
    try {
      Path folder = folder("plinius-test-");
      World world = new World(folder, Plinius.installed(folder.resolve("platform")));
      copy(common(world.plinius), folder);
      return world;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** This world once more: what happens in the one is not known in the other. */
  World copy() {
    try {
      Path to = folder("plinius-test-");
      World copy = new World(to, Plinius.installed(to.resolve("platform")));
      copy.pools = pools;
      copy(folder, to);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** On memory where there is some: most tests need no disk, and run in half the time without. */
  private static Path folder(String prefix) throws IOException {
    return Files.isWritable(SHARED_MEMORY)
        ? Files.createTempDirectory(SHARED_MEMORY, prefix)
        : Files.createTempDirectory(prefix);
  }

  /** Key, digits and network that all worlds begin with, made by the first of them. */
  private static synchronized Path common(Plinius plinius) throws IOException {
    if (common == null) {
      World first = new World(folder("plinius-tests-common-"), plinius);
      Runtime.getRuntime().addShutdownHook(new Thread(first::close));
      first.fill();
      common = first.folder;
    }
    return common;
  }

  private void fill() throws IOException {
    new DrawnDigits(11).write(file("images"), file("labels"), IMAGES);
    new DrawnDigits(12).write(file("test-images"), file("test-labels"), 300);
    Files.writeString(cfg(), SMALL_NETWORK);
    plinius.run("key", "new", key()).expect(0);
    seal(key(), "images", "labels", train());
    seal(key(), "test-images", "test-labels", test());
  }

  void seal(Path key, String images, String labels, Path out) {
    plinius
        .run(
            "data",
            "seal",
            "--key",
            key,
            "--images",
            file(images),
            "--labels",
            file(labels),
            "--out",
            out)
        .expect(0);
  }

  Plinius plinius() {
    return plinius;
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  Path key() {
    return file("owner.key");
  }

  Path cfg() {
    return file("small.cfg");
  }

  Path train() {
    return file("train.sealed");
  }

  Path test() {
    return file("test.sealed");
  }

  /** A folder for a pool that does not exist yet. */
  Path newPm() {
    pools++;
    return file("pm-" + pools);
  }

  /** A copy of a pool with its data, to be tampered with. */
  Path copyOf(Path pm) {
    Path copy = newPm();
    try {
      copy(pm, Files.createDirectory(copy));
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What lies in a folder, into one that is there. */
  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.skip(1).toList()) {
        Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  Plinius.Running startTraining(Path pm, Object... more) {
    return plinius.start(trainCommand(pm, more));
  }

  Plinius.Run train(Path pm, Object... more) {
    return plinius.run(trainCommand(pm, more));
  }

  /** Trains as an operator would, who has the address of a broker, at which nobody answers. */
  Plinius.Run trainElsewhere(Path pm, Object... more) {
    Object[] command = {
      "train",
      cfg(),
      "--data",
      train(),
      "--broker",
      "https://127.0.0.1:1",
      "--broker-pin",
      "0".repeat(64),
      "--pm",
      pm,
      "--json"
    };
    return plinius.run(Stream.concat(Stream.of(command), Stream.of(more)).toArray());
  }

  /** Tests the model of a pool on the set for testing. */
  Plinius.Run test(Path pm) {
    return plinius.run("test", cfg(), "--data", test(), "--key", key(), "--pm", pm, "--json");
  }

  private Object[] trainCommand(Path pm, Object... more) {
    Object[] base = {"train", cfg(), "--data", train(), "--key", key(), "--pm", pm, "--json"};
    Stream<Object> threads =
        List.of(more).contains("--threads") ? Stream.of() : Stream.of("--threads", "2");
    return Stream.of(Stream.of(base), threads, Stream.of(more)).flatMap(all -> all).toArray();
  }

  /** A random number generator whose seed is printed and can be given with -Dtest.seed. */
  static Random random(String what) {
    String given = System.getProperty("test.seed", "");
    long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
    System.out.println(what + ": repeat with -Dtest.seed=" + seed);
    return new Random(seed);
  }

  /** The process and everything below it. */
  static Set<ProcessHandle> family(Process process) {
    Set<ProcessHandle> family = new HashSet<>();
    family.add(process.toHandle());
    process.descendants().forEach(family::add);
    return family;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Every kind of state that an iteration can leave behind: batch statistics, dropout, momentum.
   */
  private static final String SMALL_NETWORK =
      """
      [net]
      batch=8
      subdivisions=1
      height=28
      width=28
      channels=1
      learning_rate=0.05
      momentum=0.9
      decay=0.0005
      policy=poly
      power=2
      max_batches=60

      [convolutional]
      batch_normalize=1
      filters=8
      size=3
      stride=1
      pad=1
      activation=leaky

      [maxpool]
      size=2
      stride=2

      [convolutional]
      batch_normalize=1
      filters=16
      size=3
      stride=1
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=16
      size=3
      stride=1
      pad=1
      activation=leaky

      [maxpool]
      size=2
      stride=2

      [dropout]
      probability=0.3

      [connected]
      output=10
      activation=linear

      [softmax]
      groups=1
      """;
}
