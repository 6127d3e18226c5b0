package plinius.evaluation.process;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A JSON line of a command, and when it came.
 *
 * @param nanos since the command was started
 */
public record Event(long nanos, JsonNode fields) {
  /** What happened: the line's field "event". */
  public String kind() {
    return fields.path("event").asText();
  }

  public int iteration() {
    return fields.path("iteration").asInt();
  }

  public double number(String field) {
    return fields.path(field).asDouble();
  }

  public double seconds() {
    return nanos / 1e9;
  }
}
