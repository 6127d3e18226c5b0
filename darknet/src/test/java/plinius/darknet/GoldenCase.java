package plinius.darknet;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One directory of golden vectors: what the original Darknet computed for one network. */
final class GoldenCase {
  final Path directory;
  final JsonNode manifest;
  final Map<String, Recorded> tensors = new LinkedHashMap<>();

  /**
   * A recorded tensor.
   *
   * @param name such as "train/output.0"
   * @param count of values in the original's tensor
   * @param values those that are stored: all, or value[floor(j * count / n)]
   * @param noise size of differences that the order of summation makes
   * @param absmax of the tensor
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Recorded(String name, int count, float[] values, double noise, double absmax) {
    int index(int stored) {
      return (int) ((long) stored * count / values.length);
    }

    /** Where a value is stored, or -1. */
    int stored(int index) {
      int at = (int) (((long) index * values.length + count - 1) / count);
      return at < values.length && index(at) == index ? at : -1;
    }
  }

  private GoldenCase(Path directory) throws IOException {
    this.directory = directory;
    manifest =
        JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build()
            .readTree(directory.resolve("case.json").toFile());
    if (!Files.exists(directory.resolve("tensors.f32"))) {
      return;
    }
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(directory.resolve("tensors.f32")))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (JsonNode tensor : manifest.path("tensors")) {
      float[] values = new float[tensor.get("stored").asInt()];
      int offset = tensor.get("offset").asInt();
      bytes
          .position(offset * Float.BYTES)
          .slice()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(values);
      String name = tensor.get("name").asText();
      tensors.put(
          name,
          new Recorded(
              name,
              tensor.get("count").asInt(),
              values,
              number(tensor.path("noise_abs")),
              absmax(number(tensor.path("absmax")), values)));
    }
  }

  /** The directories that hold cases, in all the places that -Dplinius.vectors names. */
  static Stream<Path> directories() {
    List<Path> found = new ArrayList<>();
    for (String root : System.getProperty("plinius.vectors", "").split(",", -1)) {
      Path path = Path.of(root.strip());
      if (root.isBlank() || !Files.isDirectory(path)) {
        continue;
      }
      try (Stream<Path> entries = Files.list(path)) {
        entries.filter(d -> Files.exists(d.resolve("case.json"))).sorted().forEach(found::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found.stream();
  }

  /** The cases that are runs of a network; the others are tables. */
  static Stream<GoldenCase> all() {
    return directories().map(GoldenCase::read).filter(c -> c.manifest.has("origin"));
  }

  static GoldenCase read(Path directory) {
    try {
      return new GoldenCase(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return directory.getFileName().toString();
  }

  String cfg() {
    return text("net.cfg");
  }

  String text(String name) {
    try {
      return Files.readString(directory.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A number of a manifest, where those that are not finite are words; 0 for a missing one. */
  static double number(JsonNode node) {
    return switch (node.asText()) {
      case "nan", "-nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> node.asDouble();
    };
  }

  /** The largest finite size, where the recorded one is not finite. */
  private static double absmax(double recorded, float[] values) {
    if (Double.isFinite(recorded)) {
      return recorded;
    }
    double largest = 0;
    for (float value : values) {
      largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
    }
    return largest;
  }

  /** The generator of weights that were too large to be stored; see the vectors' README. */
  static double uniform(int i, int salt) {
    int x = i + salt * 0x9E3779B9;
    x ^= x >>> 16;
    x *= 0x85EBCA6B;
    x ^= x >>> 13;
    x *= 0xC2B2AE35;
    x ^= x >>> 16;
    return (x >>> 8) / 16777216.0;
  }
}
