package plinius.evaluation.spot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * Times between losses and until the next instance that are drawn from exponential distributions.
 * Written {@code synthetic:SEED[,up=SECONDS][,down=SECONDS][,seconds=SECONDS]}.
 *
 * @param up mean seconds until an instance is lost
 * @param down mean seconds until there is one again
 * @param seconds length of the trace
 */
record SyntheticTrace(long seed, double up, double down, double seconds) {
  static final String PREFIX = "synthetic:";
  private static final String FORM =
      "want synthetic:SEED[,up=SECONDS][,down=SECONDS][,seconds=SECONDS]";

  static SyntheticTrace parse(String text) {
    String[] parts = text.substring(PREFIX.length()).split(",", -1);
    Map<String, Double> given = new HashMap<>();
    long seed;
    try {
      seed = Long.parseLong(parts[0]);
      for (int i = 1; i < parts.length; i++) {
        String[] pair = parts[i].split("=", 2);
        double value = pair.length == 2 ? Double.parseDouble(pair[1]) : Double.NaN;
        if (!List.of("up", "down", "seconds").contains(pair[0])
            || !(value > 0 && Double.isFinite(value))) {
          throw new Refusal(ExitCode.USAGE, FORM + ", got " + text);
        }
        given.put(pair[0], value);
      }
    } catch (NumberFormatException e) {
      throw new Refusal(ExitCode.USAGE, FORM + ", got " + text);
    }
    return new SyntheticTrace(
        seed,
        given.getOrDefault("up", 4 * 3600.0),
        given.getOrDefault("down", 1800.0),
        given.getOrDefault("seconds", 7 * 86400.0));
  }

  Trace make() {
    Random random = new Random(seed);
    List<Segment> segments = new ArrayList<>();
    boolean there = true;
    double at = 0;
    while (at < seconds) {
      double mean = there ? up : down;
      double to = Math.min(seconds, at + Math.max(1, -mean * Math.log(1 - random.nextDouble())));
      segments.add(new Segment(at, to, there ? 1 : 0, Double.NaN));
      at = to;
      there = !there;
    }
    return new Trace(
        PREFIX + seed,
        segments,
        List.of(
            "drawn: an instance lasts %d s on average, the next comes after %d s, seed %d"
                .formatted((long) up, (long) down, seed)));
  }
}
