package plinius.evaluation.spot;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * What a market or a provider did: segments without a hole between them.
 *
 * @param name for people
 * @param segments in order, the first from 0
 * @param remarks which rules were needed to read it, and how often
 */
public record Trace(String name, List<Segment> segments, List<String> remarks) {

  public Trace {
    segments = List.copyOf(segments);
    remarks = List.copyOf(remarks);
    if (segments.isEmpty()) {
      throw new IllegalArgumentException(name + " has no segment");
    }
    double at = 0;
    for (Segment segment : segments) {
      if (segment.from() != at) {
        throw new IllegalArgumentException(name + ": " + segment + " does not begin at " + at);
      }
      at = segment.to();
    }
  }

  /** Length in seconds. */
  public double seconds() {
    return segments.getLast().to();
  }

  /** Whether prices, and not numbers of instances, say what is to be had. */
  public boolean priced() {
    return segments.getFirst().instances() == Segment.ANY;
  }

  /** The first seconds of it. */
  public Trace first(double seconds) {
    List<Segment> kept = new ArrayList<>();
    for (Segment segment : segments) {
      if (segment.from() < seconds) {
        kept.add(
            new Segment(
                segment.from(),
                Math.min(seconds, segment.to()),
                segment.instances(),
                segment.price()));
      }
    }
    return new Trace(name, kept, remarks);
  }

  /**
   * What somebody gets: with prices, as many instances as wanted while the price is at most the
   * bid, and none else.
   *
   * @param bid USD an hour; needed with prices, refused without
   * @throws Refusal if this trace never gives an instance: that is no result but a wrong question
   */
  public Trace under(OptionalDouble bid, int wanted) {
    if (priced() != bid.isPresent()) {
      throw new Refusal(
          ExitCode.USAGE,
          priced()
              ? name + " is a trace of prices: say with --bid what you pay at most, in USD an hour"
              : name + " is a trace of instances, not of prices: leave --bid out");
    }
    List<Segment> given = new ArrayList<>();
    for (Segment segment : segments) {
      int instances =
          priced()
              ? segment.price() <= bid.getAsDouble() ? wanted : 0
              : Math.min(wanted, segment.instances());
      if (!given.isEmpty()
          && given.getLast().instances() == instances
          && Double.compare(given.getLast().price(), segment.price()) == 0) {
        Segment last = given.removeLast();
        given.add(new Segment(last.from(), segment.to(), instances, segment.price()));
      } else {
        given.add(new Segment(segment.from(), segment.to(), instances, segment.price()));
      }
    }
    if (given.stream().allMatch(segment -> segment.instances() == 0)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          priced()
              ? "the bid of %s USD an hour is below every price of %s; the lowest is %s"
                  .formatted(
                      bid.getAsDouble(),
                      name,
                      segments.stream().mapToDouble(Segment::price).min().orElseThrow())
              : name + " never has an instance");
    }
    return new Trace(name, given, remarks);
  }

  /**
   * When instance number {@code index} is there: [from, to) in seconds, in order, as long as
   * possible each.
   */
  public List<double[]> uptimes(int index) {
    List<double[]> up = new ArrayList<>();
    for (Segment segment : segments) {
      if (segment.instances() <= index) {
        continue;
      }
      if (!up.isEmpty() && up.getLast()[1] == segment.from()) {
        up.getLast()[1] = segment.to();
      } else {
        up.add(new double[] {segment.from(), segment.to()});
      }
    }
    return up;
  }

  /**
   * What instance number {@code index} costs from the beginning to a time, in USD; by the second,
   * as the large providers bill.
   *
   * @param otherwise USD an hour where the trace has no price
   */
  public double cost(int index, double until, double otherwise) {
    double cost = 0;
    for (Segment segment : segments) {
      if (segment.instances() > index && segment.from() < until) {
        double price = Double.isNaN(segment.price()) ? otherwise : segment.price();
        cost += price / 3600 * (Math.min(until, segment.to()) - segment.from());
      }
    }
    return cost;
  }
}
