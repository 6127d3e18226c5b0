package plinius.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.FloatNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Map;

/** One JSON object a line on standard output, for programs. */
public final class JsonLines {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonLines() {}

  /**
   * Writes one line.
   *
   * @param fields in the order in which they shall appear
   */
  public static void write(Map<String, ?> fields) {
    try {
      Terminal.out().println(MAPPER.writeValueAsString(fields));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + fields.keySet(), e);
    }
  }

  /**
   * A number, or null where JSON has none: what is not finite.
   *
   * @param value what a model said
   */
  static JsonNode number(float value) {
    return Float.isFinite(value) ? FloatNode.valueOf(value) : NullNode.getInstance();
  }
}
