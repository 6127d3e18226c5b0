package plinius.exchange;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The golden vectors, where they are. */
final class Vectors {
  private Vectors() {}

  /** The folder of a table; skips the test, and says why, where it is not. */
  static Path folder(String name) {
    for (String root : System.getProperty("plinius.vectors", "").split(",", -1)) {
      Path path = Path.of(root.strip(), name);
      if (!root.isBlank() && Files.isDirectory(path)) {
        return path;
      }
    }
    assumeTrue(false, "no table " + name + ": set -Dplinius.vectors");
    throw new AssertionError();
  }

  /** The manifest of a table. */
  static JsonNode table(String name) {
    try {
      return JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build()
          .readTree(folder(name).resolve("case.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
