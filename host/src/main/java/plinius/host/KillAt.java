package plinius.host;

/**
 * The instant at which the host shall kill the enclave with SIGKILL (for {@link Point#LOAD}:
 * itself), for demonstrations and tests. Written {@code mirror-out:N}, {@code mirror-in}, {@code
 * recovery}, {@code iteration:N} or {@code load:FRACTION}.
 *
 * @param iteration the first iteration at which {@code mirror-out} or {@code iteration} strikes
 * @param fraction how much of the data is loaded when {@code load} strikes
 */
public record KillAt(Point point, int iteration, double fraction) {
  /** Where to strike. */
  public enum Point {
    MIRROR_OUT("mirror-out"),
    MIRROR_IN("mirror-in"),
    RECOVERY("recovery"),
    ITERATION("iteration"),
    LOAD("load");

    private final String text;

    Point(String text) {
      this.text = text;
    }
  }

  /** Reads what {@link #toString} writes. */
  public static KillAt parse(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1);
    for (Point point : Point.values()) {
      if (point.text.equals(name)) {
        try {
          return switch (point) {
            case MIRROR_OUT, ITERATION -> new KillAt(point, Integer.parseInt(value), 0);
            case LOAD -> new KillAt(point, 0, Double.parseDouble(value));
            case MIRROR_IN, RECOVERY -> {
              if (colon >= 0) {
                throw new HostException.Usage("--kill-at " + name + " takes no number");
              }
              yield new KillAt(point, 0, 0);
            }
          };
        } catch (NumberFormatException e) {
          throw new HostException.Usage(
              "--kill-at " + name + ": a number is wanted after the colon, got " + text);
        }
      }
    }
    throw new HostException.Usage(
        "--kill-at: got "
            + text
            + ", known are mirror-out:N, mirror-in, recovery, iteration:N, load:FRACTION");
  }

  @Override
  public String toString() {
    return switch (point) {
      case MIRROR_OUT, ITERATION -> point.text + ":" + iteration;
      case LOAD -> point.text + ":" + fraction;
      case MIRROR_IN, RECOVERY -> point.text;
    };
  }
}
