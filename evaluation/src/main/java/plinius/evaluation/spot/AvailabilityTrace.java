package plinius.evaluation.spot;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * How many instances were to be had at each tick: {@code
 * {"metadata":{"gap_seconds":300},"data":[n0,n1,...]}}, as SkyPilot's traces are (Wu et al., NSDI
 * 2024).
 */
final class AvailabilityTrace {
  private AvailabilityTrace() {}

  static Trace read(String name, JsonNode json) {
    JsonNode gap = json.path("metadata").path("gap_seconds");
    if (!gap.isNumber() || gap.asDouble() <= 0) {
      throw Traces.malformed(
          name, 1, "metadata.gap_seconds is to be the seconds of a tick, got " + gap);
    }
    JsonNode data = json.path("data");
    if (!data.isArray() || data.isEmpty()) {
      throw Traces.malformed(name, 1, "data is to be a list of numbers of instances, one at least");
    }
    double step = gap.asDouble();
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      JsonNode count = data.get(i);
      if (!count.isIntegralNumber() || count.asLong() < 0 || count.asLong() > 1_000_000) {
        throw Traces.malformed(
            name, 1, "data[" + i + "] is to be a number of instances, got " + count);
      }
      segments.add(new Segment(i * step, (i + 1) * step, count.asInt(), Double.NaN));
    }
    return new Trace(name, segments, List.of(data.size() + " ticks of " + (long) step + " s each"));
  }
}
