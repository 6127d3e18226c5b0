package plinius.evaluation.spot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * Reads traces. What a file is, it says itself: each format has a reader of its own, and what none
 * of them knows is refused with what they want. Gzip is undone.
 */
public final class Traces {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long BYTES_MAX = 256L << 20;

  /** What a user may have to add to a file. */
  public record Reading(double stepSeconds, Optional<String> zone, Optional<String> type) {
    /** The paper's step of five minutes, and no choice among zones and types. */
    public static final Reading DEFAULT = new Reading(300, Optional.empty(), Optional.empty());
  }

  private Traces() {}

  /** Reads a file, or makes {@code synthetic:...}. */
  public static Trace read(String where, Reading reading) {
    if (where.startsWith(SyntheticTrace.PREFIX)) {
      return SyntheticTrace.parse(where).make();
    }
    Path file = Path.of(where);
    return parse(file.getFileName().toString(), text(file), reading);
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw new Refusal(ExitCode.BAD_INPUT, file + " is larger than any trace: " + BYTES_MAX);
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > 2 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b) {
        try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          bytes = gzip.readNBytes((int) BYTES_MAX);
        }
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read the trace " + file + ": " + e);
    }
  }

  /** Reads the text of a trace. */
  static Trace parse(String name, String text, Reading reading) {
    String stripped = text.strip();
    if (stripped.isEmpty()) {
      throw new Refusal(ExitCode.BAD_INPUT, name + " is empty: want a trace");
    }
    if (stripped.startsWith("{")) {
      JsonNode json = json(name, stripped);
      if (json.has("SpotPriceHistory")) {
        return AwsHistory.ofJson(name, json.get("SpotPriceHistory"), reading);
      }
      if (json.has("data")) {
        return AvailabilityTrace.read(name, json);
      }
      throw unknown(name, "a JSON object without SpotPriceHistory and without data");
    }
    String first = stripped.lines().findFirst().orElseThrow();
    if (first.startsWith("SPOTPRICEHISTORY\t")) {
      return AwsHistory.ofText(name, stripped, reading);
    }
    if (EventTrace.knows(first)) {
      return EventTrace.read(name, stripped);
    }
    if (PriceRows.knows(first)) {
      return PriceRows.read(name, stripped, reading.stepSeconds());
    }
    throw unknown(name, "a first line \"" + shortened(first) + "\"");
  }

  private static JsonNode json(String name, String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw malformed(
          name,
          Math.max(1, e.getLocation() == null ? 1 : e.getLocation().getLineNr()),
          "no JSON: " + e.getOriginalMessage());
    }
  }

  private static Refusal unknown(String name, String found) {
    return new Refusal(
        ExitCode.BAD_INPUT,
        name
            + " is in no format that is known here: it has "
            + found
            + ". Known are rows price,index; what `aws ec2 describe-spot-price-history` prints as"
            + " json or text; {\"metadata\":{\"gap_seconds\":s},\"data\":[...]}; and rows"
            + " seconds,start|notice|rebalance|evict,node");
  }

  /** A refusal that names file, line and what is wrong there. */
  static Refusal malformed(String name, int line, String what) {
    return new Refusal(ExitCode.BAD_INPUT, name + ", line " + line + ": " + what);
  }

  static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  /** A price: a finite number that is not below 0. */
  static double price(String name, int line, String text) {
    double price;
    try {
      price = Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw malformed(name, line, "want a price in USD an hour, got \"" + shortened(text) + '"');
    }
    if (!Double.isFinite(price) || price < 0) {
      throw malformed(name, line, "a price of " + text.strip() + " USD an hour cannot be");
    }
    return price;
  }
}
