package plinius.broker;

import java.time.Duration;

/**
 * How much strangers can make a broker do.
 *
 * @param bodyBytes longest request
 * @param exchangesPerSecond challenges and attestations that one address may ask for, in the long
 *     run; twice that at once
 * @param sessions exchanges that may be under way at once
 * @param sessionLife how long one may take
 */
public record Limits(int bodyBytes, int exchangesPerSecond, int sessions, Duration sessionLife) {
  /** Enough for a hundred machines; too little to fill a memory or a disk. */
  public static final Limits DEFAULT = new Limits(512 * 1024, 200, 256, Duration.ofMinutes(5));

  public Limits {
    if (bodyBytes < 1024 || exchangesPerSecond < 1 || sessions < 1 || sessionLife.isNegative()) {
      throw new IllegalArgumentException(
          "limits have to be positive, and bodies at least 1024 bytes long");
    }
  }
}
