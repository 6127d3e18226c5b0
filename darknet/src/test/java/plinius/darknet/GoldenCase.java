package plinius.darknet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

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
  }

  private GoldenCase(Path directory) throws IOException {
    this.directory = directory;
    manifest = new ObjectMapper().readTree(directory.resolve("case.json").toFile());
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
              tensor.path("noise_abs").asDouble(0),
              tensor.path("absmax").asDouble(0)));
    }
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
