package plinius.evaluation.spot;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * What {@code aws ec2 describe-spot-price-history} prints, as json or as text: changes of price,
 * newest first. They are sorted; a price holds until the next change, the last one for as long as
 * the median time between changes. Rows of several zones, types or products are a question for the
 * user, not an average.
 */
final class AwsHistory {
  /** One change of price. */
  private record Change(
      int line, String zone, String type, String product, double price, Instant at) {}

  private AwsHistory() {}

  static Trace ofJson(String name, JsonNode entries, Traces.Reading reading) {
    if (!entries.isArray()) {
      throw Traces.malformed(name, 1, "SpotPriceHistory is no list");
    }
    List<Change> changes = new ArrayList<>();
    int number = 0;
    for (JsonNode entry : entries) {
      number++;
      for (String field :
          List.of(
              "AvailabilityZone", "InstanceType", "ProductDescription", "SpotPrice", "Timestamp")) {
        if (!entry.path(field).isTextual()) {
          throw Traces.malformed(name, number, "this entry has no text " + field);
        }
      }
      changes.add(
          change(
              name,
              number,
              entry.get("AvailabilityZone").asText(),
              entry.get("InstanceType").asText(),
              entry.get("ProductDescription").asText(),
              entry.get("SpotPrice").asText(),
              entry.get("Timestamp").asText()));
    }
    return trace(name, changes, reading);
  }

  static Trace ofText(String name, String text, Traces.Reading reading) {
    List<Change> changes = new ArrayList<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String[] cells = line.strip().split("\t", -1);
      if (cells.length != 6 || !cells[0].equals("SPOTPRICEHISTORY")) {
        throw Traces.malformed(
            name,
            number,
            "want SPOTPRICEHISTORY, zone, type, product, price and time between tabs, got \""
                + Traces.shortened(line)
                + '"');
      }
      changes.add(change(name, number, cells[1], cells[2], cells[3], cells[4], cells[5]));
    }
    return trace(name, changes, reading);
  }

  private static Change change(
      String name, int line, String zone, String type, String product, String price, String at) {
    try {
      return new Change(
          line,
          zone,
          type,
          product,
          Traces.price(name, line, price),
          OffsetDateTime.parse(at).toInstant());
    } catch (DateTimeParseException e) {
      throw Traces.malformed(name, line, "want a time such as 2026-01-31T12:00:00Z, got " + at);
    }
  }

  private static Trace trace(String name, List<Change> all, Traces.Reading reading) {
    if (all.isEmpty()) {
      throw new Refusal(ExitCode.BAD_INPUT, name + " holds no price at all");
    }
    List<Change> changes = only(name, all, "zone", "--zone", Change::zone, reading.zone());
    changes = only(name, changes, "instance type", "--type", Change::type, reading.type());
    only(name, changes, "product", "", Change::product, Optional.empty());

    Map<Instant, Change> byTime = new TreeMap<>();
    int repeated = 0;
    for (Change change : changes) {
      Change other = byTime.putIfAbsent(change.at(), change);
      if (other != null && other.price() != change.price()) {
        throw Traces.malformed(
            name,
            change.line(),
            "two prices at " + change.at() + ": " + other.price() + " and " + change.price());
      }
      repeated += other == null ? 0 : 1;
    }
    List<Change> sorted = List.copyOf(byTime.values());
    Instant first = sorted.getFirst().at();
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < sorted.size(); i++) {
      double from = seconds(first, sorted.get(i).at());
      double to =
          i + 1 < sorted.size()
              ? seconds(first, sorted.get(i + 1).at())
              : from + usualSeconds(segments);
      segments.add(new Segment(from, to, Segment.ANY, sorted.get(i).price()));
    }
    List<String> remarks = new ArrayList<>();
    remarks.add(
        sorted.size()
            + " changes of price, sorted by time; the last one holds for "
            + (long) segments.getLast().seconds()
            + " s, the median of the others");
    if (repeated > 0) {
      remarks.add(repeated + " rows repeat another one and are dropped");
    }
    return new Trace(name, segments, remarks);
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1000.0;
  }

  private static double usualSeconds(List<Segment> segments) {
    return segments.isEmpty()
        ? 3600
        : plinius.evaluation.Statistics.median(
            segments.stream().mapToDouble(Segment::seconds).toArray());
  }

  private static List<Change> only(
      String name,
      List<Change> changes,
      String what,
      String option,
      Function<Change, String> field,
      Optional<String> wanted) {
    List<String> there = changes.stream().map(field).distinct().sorted().toList();
    if (wanted.isPresent()) {
      if (!there.contains(wanted.get())) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            name + " has no " + what + " " + wanted.get() + " but " + String.join(", ", there));
      }
      return changes.stream().filter(change -> field.apply(change).equals(wanted.get())).toList();
    }
    if (there.size() > 1) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          name
              + " has prices of more than one "
              + what
              + ": "
              + String.join(", ", there)
              + (option.isEmpty() ? "; ask AWS for one" : "; choose one with " + option));
    }
    return changes;
  }
}
