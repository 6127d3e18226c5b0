package plinius.exchange;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The configurations of Debian's package darknet, where it is installed. */
final class DebianConfigurations {
  private static final Path FOLDER =
      Path.of(System.getProperty("plinius.darknet", "/usr/share/darknet"));

  /** Those with keys that the original never reads. */
  static final java.util.Set<String> LENIENT =
      java.util.Set.of("rnn.cfg", "rnn.train.cfg", "writing.cfg");

  private DebianConfigurations() {}

  /** Text by file name; skips the test, and says why, where there are none. */
  static Map<String, String> all() {
    assumeTrue(
        Files.isDirectory(FOLDER.resolve("cfg")),
        "no configurations at " + FOLDER + "/cfg: apt-get install darknet");
    Map<String, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.list(FOLDER.resolve("cfg"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".cfg")).toList()) {
        texts.put(file.getFileName().toString(), read(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  /** One of them. */
  static Path file(String name) {
    Path file = FOLDER.resolve("cfg").resolve(name);
    assumeTrue(Files.exists(file), "there is no " + file + ": apt-get install darknet");
    return file;
  }

  /** A file that one of them names. */
  static String named(String name) {
    return read(FOLDER.resolve(name));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
