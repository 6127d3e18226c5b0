package plinius.evaluation.spot;

/**
 * A time in which nothing changes.
 *
 * @param from seconds since the trace began
 * @param to seconds since the trace began, after {@code from}
 * @param instances how many are to be had; {@link #ANY} where only the price decides
 * @param price USD an hour, NaN where the trace has none
 */
public record Segment(double from, double to, int instances, double price) {
  /** As many as one pays for. */
  public static final int ANY = Integer.MAX_VALUE;

  public Segment {
    if (!(from >= 0 && to > from)) {
      throw new IllegalArgumentException("from " + from + " to " + to);
    }
    if (instances < 0 || price < 0) {
      throw new IllegalArgumentException(instances + " instances at " + price);
    }
  }

  public double seconds() {
    return to - from;
  }
}
